# The targets partita::partita and partita::testing: in this build, in a project that adds this
# folder, and installed.

# Users write <partita/…>, and no other name of ours is on their include path. They get copies of
# the headers, in which "batch/x.hpp" is <partita/x.hpp>, "protocol/x.hpp" is
# <partita/protocol/x.hpp>, and "apps/testing/x.hpp" is <partita/testing/x.hpp>.
set(public_folder ${PROJECT_BINARY_DIR}/public)
set(public_headers "")
function(partita_publish file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
  file(READ ${PROJECT_SOURCE_DIR}/${file} text)
  string(REGEX REPLACE "#include \"batch/([^\"]+)\"" "#include <partita/\\1>" text "${text}")
  string(REGEX REPLACE "#include \"(protocol/[^\"]+)\"" "#include <partita/\\1>" text "${text}")
  string(REGEX REPLACE "#include \"apps/(testing/[^\"]+)\"" "#include <partita/\\1>" text
         "${text}")
  file(CONFIGURE OUTPUT ${public_folder}/partita/${name} CONTENT "${text}" @ONLY)
  set(public_headers ${public_headers} ${name} PARENT_SCOPE)
endfunction()

file(GLOB_RECURSE headers RELATIVE ${PROJECT_SOURCE_DIR}/batch CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/batch/*.hpp)
foreach(header IN LISTS headers)
  partita_publish(batch/${header} ${header})
endforeach()
# What those include.
foreach(header assignment chunk crash_search decision ids listings ranges retry run_plan
               schedules states values)
  partita_publish(protocol/${header}.hpp protocol/${header}.hpp)
endforeach()
partita_publish(apps/client.hpp client.hpp)
partita_publish(apps/program.hpp program.hpp)
partita_publish(apps/testing/testing.hpp testing.hpp)
foreach(header cluster process run_partition)
  partita_publish(apps/testing/${header}.hpp testing/${header}.hpp)
endforeach()

# LINK_ONLY: users link all of it and compile with none of our include paths. SYSTEM: their warning
# flags do not judge our headers.
add_library(partita_framework INTERFACE)
add_library(partita::partita ALIAS partita_framework)
target_compile_features(partita_framework INTERFACE cxx_std_20)
target_include_directories(partita_framework SYSTEM INTERFACE $<BUILD_INTERFACE:${public_folder}>)
target_link_libraries(partita_framework INTERFACE nlohmann_json::nlohmann_json
                      $<LINK_ONLY:partita_app>)
add_library(partita_testing_kit INTERFACE)
add_library(partita::testing ALIAS partita_testing_kit)
target_link_libraries(partita_testing_kit INTERFACE $<LINK_ONLY:partita_testing> partita_framework)
if(PARTITA_SANITIZE)
  # Our libraries call the sanitizers, so whoever links them needs the sanitizers too.
  target_link_options(partita_framework INTERFACE -fsanitize=address,undefined,float-cast-overflow)
endif()

if(PARTITA_INSTALL)
  include(GNUInstallDirs)
  include(CMakePackageConfigHelpers)
  set(package ${CMAKE_INSTALL_LIBDIR}/cmake/partita)
  foreach(header IN LISTS public_headers)
    get_filename_component(folder partita/${header} DIRECTORY)
    install(FILES ${public_folder}/partita/${header}
            DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/${folder})
  endforeach()
  set_target_properties(partita_framework PROPERTIES EXPORT_NAME partita)
  set_target_properties(partita_testing_kit PROPERTIES EXPORT_NAME testing)
  install(TARGETS partita_framework partita_testing_kit partita_testing partita_app partita_actors
                  partita_batch partita_storage partita_protocol
          EXPORT partita INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT partita NAMESPACE partita:: FILE partitaTargets.cmake DESTINATION ${package})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/partitaConfigVersion.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES apps/packaging/partitaConfig.cmake apps/packaging/dependencies.cmake
                ${PROJECT_BINARY_DIR}/partitaConfigVersion.cmake DESTINATION ${package})
endif()
