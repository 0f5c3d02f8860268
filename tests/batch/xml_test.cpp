#include "batch/writers/xml.hpp"

#include <catch2/catch.hpp>
#include <system_error>

#include "batch/errors.hpp"
#include "tests/batch/xml_document.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::read_file;
using test::temp_dir;

namespace {

const std::string prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string written_text(std::string_view text) {
  temp_dir dir;
  test::xml_document writer{dir / "f.xml", "r"};
  writer->element("e", text);
  writer.close();
  return read_file(dir / "f.xml");
}

}  // namespace

TEST_CASE("a document is written unindented, with prolog, elements and attributes") {
  temp_dir dir;
  test::xml_document writer{dir / "f.xml", "root"};
  writer->start("item");
  writer->attribute("id", "a\"<b>&\n");
  writer->attribute("none", "");
  writer->element("name", "Ada");
  writer->element("empty", "");
  writer->end();
  writer->start("open");
  writer.close();
  CHECK(read_file(dir / "f.xml") ==
        prolog +
            "<root><item id=\"a&quot;&lt;b&gt;&amp;&#10;\" none=\"\"><name>Ada</name><empty/>"
            "</item><open/></root>\n");
}

TEST_CASE("text is escaped and stays UTF-8") {
  CHECK(written_text("a<b>&c]]>") == prolog + "<r><e>a&lt;b&gt;&amp;c]]&gt;</e></r>\n");
  CHECK(written_text("Zoë 🎼 \t\n") == prolog + "<r><e>Zoë 🎼 \t\n</e></r>\n");
  CHECK(written_text("a\r\nb") == prolog + "<r><e>a&#13;\nb</e></r>\n");
}

TEST_CASE("characters that XML cannot carry are refused by name and place") {
  using namespace std::string_literals;
  const auto refusal = [](std::string_view text) -> std::string {
    try {
      written_text(text);
    } catch (const permanent_error& e) {
      return e.what();
    }
    return "none";
  };
  CHECK(refusal("a\x01z") == "element e: the character U+0001 cannot be written as XML");
  CHECK(refusal("\0"s) == "element e: the character U+0000 cannot be written as XML");
  CHECK(refusal("\xEF\xBF\xBE") == "element e: the character U+FFFE cannot be written as XML");
  CHECK(refusal("\xFF") == "element e: invalid UTF-8 cannot be written as XML");
  CHECK(refusal("\xED\xA0\x80") == "element e: invalid UTF-8 cannot be written as XML");
  CHECK(refusal("\x7F") == "none");
  temp_dir dir;
  test::xml_document writer{dir / "f.xml", "r"};
  CHECK_THROWS_WITH(writer->attribute("k", "\x02"),
                    "attribute k: the character U+0002 cannot be written as XML");
}

TEST_CASE("a document longer than all buffers is whole") {
  temp_dir dir;
  std::string expected = prolog + "<r>";
  test::xml_document writer{dir / "f.xml", "r"};
  for (int i = 0; i < 50'000; ++i) {
    writer->element("n", std::to_string(i));
    expected += "<n>" + std::to_string(i) + "</n>";
  }
  const std::string big(1024 * 1024, 'x');
  writer->element("big", big + "&");
  writer.close();
  CHECK(read_file(dir / "f.xml") == expected + "<big>" + big + "&amp;</big></r>\n");
}

TEST_CASE("a file that cannot be written is an error with path and reason") {
  temp_dir dir;
  const auto lost = (dir / "no/f.xml").string();
  CHECK_THROWS_WITH(test::xml_document(lost, "r"),
                    "cannot write " + lost + ": No such file or directory");
  SECTION("a full disk is noticed at the latest when the document is closed") {
    test::xml_document writer{"/dev/full", "r"};
    writer->element("e", "short");
    CHECK_THROWS_WITH(writer.close(), "cannot write /dev/full: No space left on device");
  }
  SECTION("and before, when the document is long") {
    test::xml_document writer{"/dev/full", "r"};
    const std::string text(100'000, 'x');
    const auto write_much = [&] {
      for (int i = 0; i < 100; ++i) writer->element("e", text);
    };
    CHECK_THROWS_AS(write_much(), std::system_error);
  }
}
