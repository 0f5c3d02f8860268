# `cpack -G DEB` in a release build makes the Debian package `partita`: the program, units of
# systemd, their settings, and what the program brings for shells and `man`. `cmake --install` puts
# none of this but the program anywhere. What belongs into the package has the component `program`.
set(debian ${PROJECT_SOURCE_DIR}/apps/packaging/debian)
set(made ${PROJECT_BINARY_DIR}/debian)
set(PARTITA_MAINTAINER "Partita maintainers <partita@localhost>" CACHE STRING
    "who stands in the Debian package")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
include(GNUInstallDirs)

function(partita_package destination)
  install(FILES ${ARGN} DESTINATION ${destination} COMPONENT program EXCLUDE_FROM_ALL)
endfunction()

set(systemd ${PROJECT_SOURCE_DIR}/apps/packaging/systemd)
partita_package(/lib/systemd/system ${systemd}/partita-node.service
                ${systemd}/partita-serve.service)
install(FILES ${systemd}/node.env ${systemd}/serve.env DESTINATION /etc/partita
        PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ  # somebody may write a password there
        COMPONENT program EXCLUDE_FROM_ALL)

# Debian wants its own changelog beside the one of the program, both compressed.
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
set(version ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})
configure_file(${debian}/changelog.in ${made}/changelog.Debian @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/CHANGELOG.md)
foreach(pair changelog.Debian|${made}/changelog.Debian changelog|${PROJECT_SOURCE_DIR}/CHANGELOG.md)
  string(REPLACE "|" ";" pair ${pair})
  list(GET pair 0 name)
  list(GET pair 1 file)
  execute_process(COMMAND gzip -9nc ${file} OUTPUT_FILE ${made}/${name}.gz
                  COMMAND_ERROR_IS_FATAL ANY)
  partita_package(/usr/share/doc/partita ${made}/${name}.gz)
endforeach()
partita_package(/usr/share/doc/partita ${debian}/copyright ${PROJECT_SOURCE_DIR}/README.md)

# Completions, where the program writes them; pages of the manual, where there are any.
foreach(shell bash|bash-completion/completions/partita zsh|zsh/vendor-completions/_partita
        fish|fish/vendor_completions.d/partita.fish)
  string(REPLACE "|" ";" shell ${shell})
  list(GET shell 0 name)
  list(GET shell 1 path)
  install(CODE "
    execute_process(COMMAND \"$<TARGET_FILE:partita>\" completion ${name} RESULT_VARIABLE failed
                    OUTPUT_VARIABLE text ERROR_QUIET)
    if(failed EQUAL 0 AND text)
      file(WRITE \"\$ENV{DESTDIR}/usr/share/${path}\" \"\${text}\")
    endif()" COMPONENT program EXCLUDE_FROM_ALL)
endforeach()
install(CODE "
  file(GLOB pages \"${PROJECT_SOURCE_DIR}/apps/packaging/man/*.1\"
                  \"${PROJECT_BINARY_DIR}/man/*.1\")
  foreach(page IN LISTS pages)
    get_filename_component(name \"\${page}\" NAME)
    set(to \"\$ENV{DESTDIR}/usr/share/man/man1\")
    file(MAKE_DIRECTORY \"\${to}\")
    execute_process(COMMAND gzip -9nc \"\${page}\" OUTPUT_FILE \"\${to}/\${name}.gz\"
                    COMMAND_ERROR_IS_FATAL ANY)
  endforeach()" COMPONENT program EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME partita)
set(CPACK_PACKAGE_CONTACT ${PARTITA_MAINTAINER})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "partitioned batch jobs over a shared database")
string(CONCAT CPACK_DEBIAN_PROGRAM_DESCRIPTION
       "Node processes share nothing but a relational database: SQLite on one\n"
       "machine, PostgreSQL for a cluster. A job is split into partitions, any node\n"
       "executes them, and the results are aggregated. When a node dies, others take\n"
       "over; no result counts twice.")
# Absolute folders (/etc, /lib/systemd) need a DESTDIR.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME partita)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS tzdata)  # the rules of time zones, read when it runs
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS "postgresql-client, sqlite3, libnss-systemd")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA
    "${debian}/conffiles;${debian}/postinst;${debian}/prerm;${debian}/postrm")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
