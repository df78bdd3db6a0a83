#include "config/config.hpp"

#include <doctest/doctest.h>

using namespace rowlane;

namespace {
constexpr std::string_view kGood = R"([server]
listen = "127.0.0.1:5000"
[sheets]
provider = "local"
[[agency]]
key = "demo"
spreadsheet_id = "demo-book"
[agency.tabs.general]
tab = "general_ins"
verticals = ["motor", "health"]
columns = { name = "NAME", mobile_number = "MOBILE NO", renewal_date = { header = "EXPIRY", as = "date" }, agent_note = "A" }
[agency.tabs.life]
tab = "Life_ins"
verticals = ["life"]
columns = { name = "NAME" }
)";
}  // namespace

TEST_CASE("a good file gives agencies with their columns in the order written") {
  FieldCatalogue catalogue;
  const auto config =
      config::parse_config(kGood, "/etc/rowlane.toml", catalogue, {{"ROWLANE_SERVER_LANE_JOBS_MAX", "7"}});
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->server.lane_jobs_max == 7);
  REQUIRE(config->agencies.size() == 1);
  const auto& tabs = config->agencies[0].tabs;
  REQUIRE(tabs.size() == 2);
  CHECK(tabs[0].key == "general");
  REQUIRE(tabs[0].columns.size() == 4);
  CHECK(tabs[0].columns[1].header == "MOBILE NO");
  CHECK(tabs[0].columns[2].type == FieldType::date);
  CHECK(FieldCatalogue::is_extra(tabs[0].columns[3].field));
  CHECK(tabs[0].keys == default_keys());
  CHECK(tabs[1].new_vertical == "life");
}

TEST_CASE("a bad file is refused with a sentence that says where and what") {
  struct Case {
    std::string_view name, text, expected;
    config::Environment environment;
  };
  const Case cases[] = {
      {"unknown key",
       "[server]\nlistne = \"x\"\n",
       "f.toml:2: unknown key 'server.listne'; did you mean 'listen'?",
       {}},
      {"unknown section", "[servre]\n", "did you mean 'server'?", {}},
      {"bad syntax", "[server\n", "f.toml:1", {}},
      {"wrong type", "[server]\nlane_jobs_max = \"9\"\n", "whole number from 1", {}},
      {"open listener", "[server]\nlisten = \"0.0.0.0:80\"\n[sheets]\nprovider = \"local\"\n", "allow_plain_http", {}},
      {"google without credentials", "", "google.credentials is not set", {}},
      {"local beside credentials",
       "[sheets]\nprovider = \"local\"\n[google]\ncredentials = \"k.json\"\n",
       "never runs beside",
       {}},
      {"unknown time zone",
       "[sheets]\nprovider = \"local\"\n[[agency]]\nkey = \"a\"\nspreadsheet_id = \"s\"\ntime_zone = \"Mars/Base\"\n",
       "f.toml:6: 'agency.time_zone' must be a name like",
       {}},
      {"unknown environment key",
       "[sheets]\nprovider = \"local\"\n",
       "did you mean 'ROWLANE_SERVER_LISTEN'",
       {{"ROWLANE_SERVER_LISTN", "x"}}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    FieldCatalogue catalogue;
    const auto config = config::parse_config(c.text, "f.toml", catalogue, c.environment);
    REQUIRE(!config);
    CAPTURE(config.error().message);
    CHECK(config.error().message.contains(c.expected));
  }
}

namespace {
// `kGood` with one text replaced by another.
std::string good_with(std::string_view what, std::string_view by) {
  std::string text(kGood);
  return text.replace(text.find(what), what.size(), by);
}
Result<config::Config> parsed(std::string_view text, const config::Environment& environment = {}) {
  FieldCatalogue catalogue;
  return config::parse_config(text, "f.toml", catalogue, environment);
}
}  // namespace

TEST_CASE("a spreadsheet is named by its id or by the address that the browser shows") {
  for (const char* address :
       {"https://docs.google.com/spreadsheets/d/1aB_c-9/edit#gid=0", "https://docs.google.com/spreadsheets/d/1aB_c-9",
        "docs.google.com/spreadsheets/d/1aB_c-9/", " 1aB_c-9 ", "1aB_c-9"}) {
    CAPTURE(address);
    const auto config = parsed(good_with("demo-book", address));
    REQUIRE_MESSAGE(config, config.error().message);
    CHECK(config->agencies[0].spreadsheet_id == "1aB_c-9");
  }
  for (const char* wrong : {"https://example.org/x", "https://docs.google.com/spreadsheets/d/e/2PACX/pubhtml", "a b"}) {
    CAPTURE(wrong);
    const auto config = parsed(good_with("demo-book", wrong));
    REQUIRE_FALSE(config);
    CHECK(config.error().message.starts_with("f.toml:7: 'agency.spreadsheet_id' must be a spreadsheet's id"));
  }
}

TEST_CASE("tabs and keys that no sheet can have are refused with their line") {
  CHECK(parsed(good_with("Life_ins", "GENERAL_INS")).error().message ==
        "f.toml:13: 'agency.tabs.life.tab' must be of one tab only; 'general' has it too");
  CHECK(parsed(good_with("verticals = [\"life\"]", "verticals = [\"life\"]\nkeys = [[\"gst_no\"]]")).error().message ==
        "f.toml:15: the key names 'gst_no', which the tab has no column for");
  // Written out, the usual keys may name what a tab lacks.
  CHECK(parsed(good_with("verticals = [\"life\"]",
                         "verticals = [\"life\"]\nkeys = [[\"registration_no\"], [\"name\", \"mobile_number\"]]")));
  const std::string message = parsed(good_with("[\"life\"]", "[\"zzzzzzzzzzzz\"]")).error().message;
  CHECK(message == "f.toml:14: unknown vertical 'zzzzzzzzzzzz'");
}

TEST_CASE("how people reach the server, and through which proxies") {
  const auto config = parsed(
      good_with("[server]", "[server]\npublic_url = \"https://sync.example.org:8443/\"\ntrusted_proxies = [\"::1\"]"),
      {{"ROWLANE_SERVER_TRUSTED_PROXIES", "10.0.0.0/8, 127.0.0.1"}});
  REQUIRE_MESSAGE(config, config.error().message);
  CHECK(config->server.public_url == "https://sync.example.org:8443");
  CHECK(config->server.trusted_proxies == std::vector<std::string>{"10.0.0.0/8", "127.0.0.1"});
  for (const char* wrong : {"sync.example.org", "ftp://x", "https://", "https://x/rowlane", "https://a@b"}) {
    CAPTURE(wrong);
    const auto refused = parsed(good_with("[server]", fmt::format("[server]\npublic_url = \"{}\"", wrong)));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().field == "server.public_url");
  }
}

TEST_CASE("e-mail patterns") {
  CHECK(config::email_fits("A@Demo.example", {"*@demo.example"}));
  CHECK(!config::email_fits("a@demo.example.org", {"*@demo.example"}));
}
