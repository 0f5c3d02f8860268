# The libraries that Partita needs. Its own build reads this, and so does a project that uses an
# installed Partita. What is missing is told in partita_NOT_FOUND_MESSAGE.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(PkgConfig)
find_dependency(spdlog)
find_dependency(nlohmann_json 3.11)
find_dependency(prometheus-cpp COMPONENTS core)

foreach(module libpqxx libpq sqlite3 cpp-httplib zlib libcurl libcrypto)
  pkg_check_modules(partita_${module} QUIET IMPORTED_TARGET ${module})
  if(NOT partita_${module}_FOUND)
    set(partita_FOUND FALSE)
    set(partita_NOT_FOUND_MESSAGE "Partita needs ${module}; pkg-config does not find it.")
    return()
  endif()
endforeach()

# Debian's CAF and cctz bring neither a CMake package nor a pkg-config file: partita::NAME is made
# of a library and a header of it.
foreach(found "caf_core|caf/all.hpp|the C++ Actor Framework"
              "cctz|cctz/time_zone.h|cctz, for time zones")
  string(REGEX MATCH "^(.*)[|](.*)[|](.*)$" found "${found}")
  set(name ${CMAKE_MATCH_1})
  set(header ${CMAKE_MATCH_2})
  set(what "${CMAKE_MATCH_3}")
  find_path(PARTITA_${name}_INCLUDE_DIR ${header})
  find_library(PARTITA_${name}_LIBRARY ${name})
  if(NOT PARTITA_${name}_INCLUDE_DIR OR NOT PARTITA_${name}_LIBRARY)
    set(partita_FOUND FALSE)
    set(partita_NOT_FOUND_MESSAGE "Partita needs ${what} (${header}, lib${name}).")
    return()
  endif()
  if(NOT TARGET partita::${name})
    add_library(partita::${name} SHARED IMPORTED)
    set_target_properties(partita::${name} PROPERTIES
                          IMPORTED_LOCATION ${PARTITA_${name}_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${PARTITA_${name}_INCLUDE_DIR})
  endif()
endforeach()
