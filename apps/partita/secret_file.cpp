#include "apps/partita/secret_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

namespace partita::cli {

std::string trouble_of_secret_file(const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode) ||
      ::access(path.c_str(), R_OK) != 0)
    return "cannot be read";
  if ((about.st_mode & S_IRWXO) != 0) return "may be read or changed by everybody";
  if ((about.st_mode & S_IWGRP) != 0) return "may be changed by its group";
  return "";
}

}  // namespace partita::cli
