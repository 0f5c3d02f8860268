# find_package(partita) reads this: an installed Partita as the targets partita::partita, and
# partita::testing for tests of jobs, which may be asked for as the component `testing`.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
if(NOT DEFINED partita_FOUND OR partita_FOUND)
  include(${CMAKE_CURRENT_LIST_DIR}/partitaTargets.cmake)
  set(partita_testing_FOUND TRUE)
  foreach(component IN LISTS partita_FIND_COMPONENTS)
    if(partita_FIND_REQUIRED_${component} AND NOT partita_${component}_FOUND)
      set(partita_FOUND FALSE)
      set(partita_NOT_FOUND_MESSAGE "Partita has no component ${component}: it has testing.")
    endif()
  endforeach()
endif()
