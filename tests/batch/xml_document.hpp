#pragma once

#include <filesystem>
#include <memory>
#include <string_view>

#include "batch/writers/xml.hpp"

namespace partita::test {

/// A whole document, written in one go.
class xml_document {
 public:
  xml_document(std::filesystem::path path, std::string_view root)
      : sink_(std::make_unique<file_sink>(std::move(path))), elements_(*sink_) {
    sink_->add(xml::prolog);
    elements_.start(root);
  }

  xml::elements* operator->() { return &elements_; }

  /// Ends all open elements.
  void close() {
    elements_.end_all();
    sink_->add("\n");
    sink_->flush();
  }

 private:
  std::unique_ptr<file_sink> sink_;  // the elements refer to it
  xml::elements elements_;
};

}  // namespace partita::test
