#include "records/csv.hpp"

#include <doctest/doctest.h>

#include "records/record_json.hpp"

using namespace rowlane;

namespace {
std::optional<UserId> only_a(std::string_view email) {
  return email == "a@x" ? std::optional(UserId{1}) : std::nullopt;
}
}  // namespace

TEST_CASE("CSV lines keep quotes, line ends and their numbers") {
  const auto rows = records::parse_csv("\xEF\xBB\xBFname,notes\r\n\"A, \"\"B\"\"\",\"two\nlines\"\n\nlast,");
  REQUIRE(rows);
  REQUIRE(rows->size() == 3);
  CHECK((*rows)[1].cells == std::vector<std::string>{"A, \"B\"", "two\nlines"});
  CHECK((*rows)[2].line == 5);
  CHECK((*rows)[2].cells == std::vector<std::string>{"last", ""});
  CHECK(!records::parse_csv("a\n\"open"));
  CHECK(!records::parse_csv("a\"b"));
}

TEST_CASE("an export comes back as it was") {
  FieldCatalogue catalogue;
  const FieldId note = catalogue.add_extra("agent_note");
  Record record{.public_id = "abc"};
  record.fields.set(field::name, std::string("=1+1"));
  record.fields.set(field::vertical, std::string("motor"));
  record.fields.set(field::notes, std::string("'quoted\r\n\"x\""));
  record.fields.set(field::company, std::string("'plain"));
  record.fields.set(field::premium, Money{-1250});
  record.fields.set(note, std::string("\tx"));
  std::string text;
  records::append_export_header(text, catalogue, {note});
  records::append_export_record(text, {note}, record, "a@x");
  CHECK(text.contains("'=1+1"));
  const auto input = records::read_import(text, catalogue, {note}, only_a);
  REQUIRE(input.errors.empty());
  REQUIRE(input.lines.size() == 1);
  CHECK(input.lines[0].public_id == "abc");
  CHECK(input.lines[0].owner == UserId{1});
  for (const auto& [id, value] : record.fields.entries()) CHECK(same_value(input.lines[0].set.get(id), value));
}

TEST_CASE("a bad import names line, field and reason") {
  struct Case {
    std::string_view name, text;
    int line;
    std::string_view field;
  };
  const Case cases[] = {
      {"unknown column", "name,verticle\n", 1, "verticle"},
      {"column twice", "name,name\n", 1, "name"},
      {"bad date", "name,vertical,dob\nA,motor,2026-02-30\n", 2, "dob"},
      {"blank name", "name,vertical\n,motor\n", 2, "name"},
      {"another's owner", "name,vertical,owner\nA,motor,b@x\n", 2, "owner"},
      {"too few cells", "name,vertical\nA\n", 2, ""},
      {"open quote", "name,vertical\nA,motor\n\"x", 3, ""},
      {"empty file", "", 1, ""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    const auto input = records::read_import(c.text, FieldCatalogue(), {}, only_a);
    REQUIRE(input.errors.size() == 1);
    CHECK(input.errors[0].line == c.line);
    CHECK(input.errors[0].field == c.field);
  }
}

TEST_CASE("a record's JSON has every member, and can be sent back") {
  FieldCatalogue catalogue;
  Record record{.public_id = "abc", .owner = UserId{1}};
  record.fields.set(field::name, std::string("A"));
  record.fields.set(field::vertical, std::string("life"));
  const Json json = records::record_json(record, catalogue, {}, [](UserId id) { return id.value == 1 ? "a@x" : ""; });
  CHECK(json["owner"].string_or() == "a@x");
  REQUIRE(json.find("dob"));
  CHECK(json["dob"].is_null());
  CHECK(json["sync"]["state"].string_or() == "unsynced");
  const auto back = records::read_record(json, catalogue, {}, records::Completeness::whole);
  CHECK(back.problems.empty());
  CHECK(back.set.text(field::name) == "A");
  CHECK(
      records::read_record(*parse_json(R"({"name":"","dob":"x","nmae":1})"), catalogue, {}, records::Completeness::part)
          .problems.size() == 3);
}
