# find_package(partita) reads this: an installed Partita as the target partita::partita.
include(${CMAKE_CURRENT_LIST_DIR}/dependencies.cmake)
if(NOT DEFINED partita_FOUND OR partita_FOUND)
  include(${CMAKE_CURRENT_LIST_DIR}/partitaTargets.cmake)
endif()
