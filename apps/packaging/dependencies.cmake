# The libraries that Partita needs. Its own build reads this, and so does a project that uses an
# installed Partita. What is missing is told in partita_NOT_FOUND_MESSAGE.
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(PkgConfig)
find_dependency(spdlog)
find_dependency(nlohmann_json 3.11)
find_dependency(prometheus-cpp COMPONENTS core)

foreach(module libpqxx libpq sqlite3 cpp-httplib zlib)
  pkg_check_modules(partita_${module} QUIET IMPORTED_TARGET ${module})
  if(NOT partita_${module}_FOUND)
    set(partita_FOUND FALSE)
    set(partita_NOT_FOUND_MESSAGE "Partita needs ${module}; pkg-config does not find it.")
    return()
  endif()
endforeach()

# Debian's CAF and cctz bring neither a CMake package nor a pkg-config file.
find_path(PARTITA_CAF_INCLUDE_DIR caf/all.hpp)
find_library(PARTITA_CAF_CORE_LIBRARY caf_core)
if(NOT PARTITA_CAF_INCLUDE_DIR OR NOT PARTITA_CAF_CORE_LIBRARY)
  set(partita_FOUND FALSE)
  set(partita_NOT_FOUND_MESSAGE "Partita needs the C++ Actor Framework (caf/all.hpp, caf_core).")
  return()
endif()
find_path(PARTITA_CCTZ_INCLUDE_DIR cctz/time_zone.h)
find_library(PARTITA_CCTZ_LIBRARY cctz)
if(NOT PARTITA_CCTZ_INCLUDE_DIR OR NOT PARTITA_CCTZ_LIBRARY)
  set(partita_FOUND FALSE)
  set(partita_NOT_FOUND_MESSAGE "Partita needs cctz, for time zones (cctz/time_zone.h, libcctz).")
  return()
endif()
if(NOT TARGET partita::cctz)
  add_library(partita::cctz SHARED IMPORTED)
  set_target_properties(partita::cctz PROPERTIES
                        IMPORTED_LOCATION ${PARTITA_CCTZ_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${PARTITA_CCTZ_INCLUDE_DIR})
endif()
if(NOT TARGET partita::caf_core)
  add_library(partita::caf_core SHARED IMPORTED)
  set_target_properties(partita::caf_core PROPERTIES
                        IMPORTED_LOCATION ${PARTITA_CAF_CORE_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${PARTITA_CAF_INCLUDE_DIR})
endif()
