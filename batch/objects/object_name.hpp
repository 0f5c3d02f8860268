#pragma once

#include <filesystem>
#include <string>

/// Objects of a store that speaks as Amazon S3 does. They are named like files: s3://BUCKET/KEY.
/// What stands before the last '/' of a key is the folder of the object.
namespace partita {

/// Whether the name of a file is one of an object.
bool is_object(const std::filesystem::path& file);

/// Whether it is meant as one, and is the name of a file: "S3://bucket/key", "s3:/bucket/key".
bool is_nearly_object(const std::filesystem::path& file);

struct object_name {
  std::string bucket;
  std::string key;  // "" where a whole bucket is meant

  std::filesystem::path path() const { return "s3://" + bucket + "/" + key; }
  friend bool operator==(const object_name&, const object_name&) = default;
};

/// Throws permanent_error, which tells why, for what names no object: the bucket is made of lower
/// case letters, digits, '.' and '-', and the key is UTF-8 without "", "." and ".." between its
/// slashes, which servers on the way could take for another key.
object_name parse_object_name(const std::filesystem::path& file);

/// The objects that lie in a folder have keys that begin so: "" or "FOLDER/".
object_name parse_object_folder(const std::filesystem::path& folder);

/// Whether the folder holds the object, or is it, or is above the folder that it lies in.
bool is_below(const object_name& folder, const object_name& object);

}  // namespace partita
