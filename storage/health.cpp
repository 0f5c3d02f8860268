#include "storage/health.hpp"

#include <sys/stat.h>

namespace partita {

std::vector<diagnosis> examine_file(const std::string& what, const std::string& path, bool secret) {
  struct stat found {};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return {};
  if (found.st_mode & (S_IWGRP | S_IWOTH))
    return {{health::unsafe, what, path + " can be written by others",
             "chmod go-w " + path + ", or whoever can write it rules the cluster"}};
  if (found.st_mode & (S_IRGRP | S_IROTH))
    return {{secret ? health::unsafe : health::note, what, path + " can be read by others",
             "chmod go= " + path + (secret ? ", or it is not used" : ", if its rows are private")}};
  return {{health::fine, what, path + " belongs to its user alone", ""}};
}

}  // namespace partita
