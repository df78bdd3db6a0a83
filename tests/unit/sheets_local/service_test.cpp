#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "db/sqlite.hpp"
#include "service_fixture.hpp"
#include "sheets/local/local_transport.hpp"

namespace rowlane::sheets::local {

namespace {

// A file that is gone when the test ends.
struct ScratchFile {
  std::string path = (std::filesystem::temp_directory_path() / fmt::format("local-sheets-{}.db", ::getpid())).string();
  ScratchFile() { clean(); }
  ~ScratchFile() { clean(); }
  void clean() const {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  }
};

std::string base64url(std::string_view bytes) {
  static constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out += kLetters[bits >> (count - 6) & 63];
  }
  if (count) out += kLetters[bits << (6 - count) & 63];
  return out;
}

struct SigningKey {
  EVP_PKEY* key = EVP_RSA_gen(2048);
  SigningKey() = default;
  SigningKey(const SigningKey&) = delete;
  ~SigningKey() { EVP_PKEY_free(key); }
  std::string public_pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PUBKEY(bio, key);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string out(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return out;
  }
  std::string grant(const Json& claims) const {
    const std::string text = base64url(R"({"alg":"RS256","typ":"JWT"})") + "." + base64url(claims.dump());
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_DigestSignInit(context, nullptr, EVP_sha256(), nullptr, key);
    std::size_t size = 0;
    EVP_DigestSign(context, nullptr, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size());
    std::string signature(size, '\0');
    EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size,
                   reinterpret_cast<const unsigned char*>(text.data()), text.size());
    EVP_MD_CTX_free(context);
    return "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + text + "." +
           base64url(signature);
  }
};

const std::string kWrite =
    R"({"requests":[{"updateCells":{"start":{"sheetId":7},"fields":"userEnteredValue","rows":[{"values":[{"userEnteredValue":{"stringValue":"new"}}]}]}}]})";
constexpr std::string_view kBatch = "/v4/spreadsheets/book:batchUpdate";

}  // namespace

TEST_CASE("what was answered is there after the process is gone, ids and all") {
  const ScratchFile file;
  Service s(Options{.file = file.path});
  SeedTab made = tab("A", 7, {{"NAME", "=COUNTA(A:A)"}, {"Asha", "46115"}});
  made.cells[1][1].format_type = "DATE";
  made.cells[0][0].note = "keep";
  s.book({made});
  s.batch(
      R"([{"addSheet":{"properties":{"title":"Bob's: life"}}},{"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":1,"endIndex":3}}},
              {"createDeveloperMetadata":{"developerMetadata":{"metadataKey":"k","visibility":"DOCUMENT","location":{"dimensionRange":{"sheetId":7,"dimension":"COLUMNS","startIndex":1,"endIndex":2}}}}},
              {"addProtectedRange":{"protectedRange":{"range":{"sheetId":7},"warningOnly":true}}},
              {"updateDimensionProperties":{"range":{"sheetId":7,"dimension":"COLUMNS","startIndex":2,"endIndex":3},"properties":{"hiddenByUser":true},"fields":"hiddenByUser"}}])");
  s.ask("POST", "/v4/spreadsheets/book/values/A:append?valueInputOption=USER_ENTERED",
        R"({"values":[["Ravi","4/3/2026"]]})");
  REQUIRE(s.service->share("book", "new@test").has_value());
  const auto before = *s.service->get("book");
  const std::int64_t version = s.service->version("book");
  SUBCASE("from the log of changes") { s.reopen(Options{.file = file.path}); }
  SUBCASE("from a snapshot") {
    for (int i = 0; i < 600; ++i)
      s.call("POST", std::string(kBatch),
             R"({"requests":[{"updateSpreadsheetProperties":{"properties":{"title":"Test"},"fields":"title"}}]})");
    s.reopen(Options{.file = file.path});
    CHECK(*s.service->get("book") == before);
    s.reopen(Options{.file = file.path});
  }
  CHECK(*s.service->get("book") == before);
  CHECK(s.service->version("book") >= version);
}

TEST_CASE("a damaged log is refused, not guessed at") {
  const ScratchFile file;
  {
    Service s(Options{.file = file.path});
    s.book({tab("A", 7, {{"x"}})});
    s.call("POST", std::string(kBatch), kWrite);
  }
  auto db = db::Sqlite::open(file.path);
  REQUIRE(db->exec("UPDATE change SET body = '[{\"foo\":{}}]'").has_value());
  HandClock clock;
  SeededRandom random(1);
  const auto opened = LocalSheets::open(Options{.file = file.path}, clock, random);
  REQUIRE(!opened.has_value());
  CHECK(opened.error().code == Errc::corrupt);
}

TEST_CASE("faults: what is applied and what comes back") {
  using Kind = Fault::Kind;
  struct Case {
    std::string_view name;
    Fault fault;
    int status;
    bool applied, broken;
  };
  const Case cases[] = {
      {"none", {}, 200, true, false},
      {"503", {.kind = Kind::status, .status = 503}, 503, false, false},
      {"429", {.kind = Kind::status, .status = 429, .retry_after_s = 3}, 429, false, false},
      {"an HTML page", {.kind = Kind::html, .status = 502}, 502, false, false},
      {"nothing", {.kind = Kind::empty}, 200, false, false},
      {"refused", {.kind = Kind::refused}, 200, false, true},
      {"reset before", {.kind = Kind::reset_before}, 200, false, true},
      {"reset after", {.kind = Kind::reset_after}, 200, true, true},
      {"cut", {.kind = Kind::cut, .cut_after_bytes = 5}, 200, true, true},
      {"500 after", {.kind = Kind::status_after, .status = 500}, 500, true, false},
      {"slow", {.delay_before = Millis{500}, .delay_after = Millis{500}}, 200, true, false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Service s;
    s.book({tab("A", 7, {{"old"}})});
    s.service->faults().script(CallKind::write, c.fault);
    const Reply reply = s.call("POST", std::string(kBatch), kWrite);
    CHECK(reply.response.status == c.status);
    CHECK(reply.broken == c.broken);
    CHECK((s.shown(1, 1) == "new") == c.applied);
    CHECK(s.service->faults().pending() == 0);
    CHECK(s.call("POST", std::string(kBatch), kWrite).response.status == 200);
  }
}

TEST_CASE("a person's edit comes right before a write or right after a read") {
  Service s;
  s.book({tab("A", 7, {{"old"}, {"x"}})});
  const Json::Array insert =
      list_of(R"([{"insertDimension":{"range":{"sheetId":7,"dimension":"ROWS","startIndex":0,"endIndex":1}}}])");
  s.service->faults().hook = [&](const CallInfo& call) {
    return call.kind == CallKind::write && call.number == 1 ? Fault{.edit_before = insert} : Fault{};
  };
  s.call("POST", std::string(kBatch), kWrite);
  CHECK(*s.service->values("book", "A") == std::vector<std::vector<std::string>>{{"new"}, {"old"}, {"x"}});
  s.service->faults().hook = {};
  s.service->faults().script(CallKind::read, Fault{.edit_after = insert});
  CHECK(s.ask("GET", "/v4/spreadsheets/book/values/A")["values"].dump() == R"([["new"],["old"],["x"]])");
  CHECK(*s.service->values("book", "A") == std::vector<std::vector<std::string>>{{}, {"new"}, {"old"}, {"x"}});
}

TEST_CASE("the private way answers in pieces and turns faults into errors") {
  Service s;
  s.book({tab("A", 7, {{"old"}})});
  LocalTransport transport(*s.service);
  const auto send = [&](net::HttpRequest request) { return s.executor.finish(transport.send(std::move(request))); };
  std::string got;
  net::HttpRequest read{.url = std::string(LocalTransport::kAddress) + "/v4/spreadsheets/book?fields=properties.title"};
  read.on_body = [&](std::string_view piece) {
    got += piece;
    return true;
  };
  const auto answer = send(std::move(read));
  REQUIRE(answer.has_value());
  CHECK(answer->body.empty());
  CHECK(got == R"({"properties":{"title":"Test"}})");
  const auto write = [&](Fault fault, Millis timeout = Millis{1000}) {
    s.service->faults().script(CallKind::write, std::move(fault));
    return send(net::HttpRequest{.method = "POST",
                                 .url = std::string(LocalTransport::kAddress) + std::string(kBatch),
                                 .body = kWrite,
                                 .timeout = timeout});
  };
  CHECK(write({.kind = Fault::Kind::refused}).error().code == Errc::unavailable);
  CHECK(write({.kind = Fault::Kind::reset_before}).error().code == Errc::unknown_outcome);
  CHECK(s.shown(1, 1) == "old");
  CHECK(write({.delay_before = Millis{5000}}).error().code == Errc::unknown_outcome);
  s.executor.advance(Millis{5000});
  CHECK(s.shown(1, 1) == "new");
  CHECK(write({.kind = Fault::Kind::cut, .cut_after_bytes = 3}).error().code == Errc::unknown_outcome);
  CHECK(send(net::HttpRequest{.url = "http://elsewhere/"}).error().code == Errc::unavailable);
}

TEST_CASE("quota: over the limit is 429 until the next minute, by account and project") {
  Service s(Options{.quota = {.reads = 2, .writes = 1, .project_reads = 3}});
  s.book({tab("A", 7, {{"x"}})});
  const auto read = [&] { return s.call("GET", "/v4/spreadsheets/book?fields=properties").response.status; };
  CHECK(read() == 200);
  CHECK(read() == 200);
  CHECK(read() == 429);
  CHECK(s.call("POST", std::string(kBatch), kWrite).response.status == 200);
  const Json refused = s.ask("POST", std::string(kBatch), kWrite);
  CHECK(refused["error"]["status"].string_or() == "RESOURCE_EXHAUSTED");
  s.clock.at += std::chrono::minutes{1};
  CHECK(read() == 200);
  CHECK(s.service->log().size() == 6);
  CHECK(s.service->log()[2].status == 429);
}

TEST_CASE("tokens: a signed grant, its account's sharing, and its end") {
  const SigningKey key, other;
  Service s(Options{
      .require_token = true, .issuers = {{"robot@test", key.public_pem()}}, .token_audience = "https://token.test/"});
  s.book({tab("A", 7, {{"x"}})});
  const std::int64_t now = to_ms(s.clock.at) / 1000;
  const auto claims = [&](std::string_view issuer, std::string_view audience, std::int64_t until) {
    return Json::object({{"iss", issuer},
                         {"scope", "https://www.googleapis.com/auth/spreadsheets"},
                         {"aud", audience},
                         {"iat", now},
                         {"exp", until}});
  };
  const Json good = claims("robot@test", "https://token.test/", now + 3600);
  struct Case {
    std::string_view name, description;
    std::string body;
  };
  const Case refusals[] = {
      {"another's key", "Invalid JWT Signature.", other.grant(good)},
      {"unknown account", "Invalid grant: account not found",
       key.grant(claims("nobody@test", "https://token.test/", now + 3600))},
      {"wrong audience", "Invalid JWT: Failed audience check.",
       key.grant(claims("robot@test", "https://else/", now + 3600))},
      {"too long",
       "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check "
       "your iat and exp values in the JWT claim.",
       key.grant(claims("robot@test", "https://token.test/", now + 7200))},
  };
  for (const Case& c : refusals) {
    CAPTURE(c.name);
    const Json answer = s.ask("POST", "/token", c.body);
    CHECK(answer["error"].string_or() == "invalid_grant");
    CHECK(answer["error_description"].string_or() == c.description);
  }
  const Json granted = s.ask("POST", "/token", key.grant(good));
  CHECK(granted["token_type"].string_or() == "Bearer");
  CHECK(granted["expires_in"].as_int() == 3599);
  const std::string token = granted["access_token"].string_or();
  const auto status = [&](std::string path, const std::string& bearer) {
    return s.call("GET", std::move(path), {}, bearer).response.status;
  };
  CHECK(status("/v4/spreadsheets/book", token) == 200);
  CHECK(status("/v4/spreadsheets/book", "wrong") == 401);
  CHECK(status("/v4/spreadsheets/gone", token) == 404);
  REQUIRE(s.service->unshare("book", "robot@test").has_value());
  CHECK(status("/v4/spreadsheets/book", token) == 403);
  CHECK(status("/drive/v3/files/book", token) == 404);
  REQUIRE(s.service->share("book", "robot@test").has_value());
  s.clock.at += std::chrono::hours{1};
  CHECK(status("/v4/spreadsheets/book", token) == 401);
}

TEST_CASE("Drive: the version rises with each change, and the feed names what changed") {
  Service s;
  s.book({tab("A", 7, {{"x"}})});
  const std::string start = s.ask("GET", "/drive/v3/changes/startPageToken")["startPageToken"].string_or();
  CHECK(s.ask("GET", "/drive/v3/files/book?fields=version,trashed").dump() == R"({"trashed":false,"version":"1"})");
  s.call("POST", std::string(kBatch), kWrite);
  s.call("POST", std::string(kBatch), kWrite);
  CHECK(s.ask("GET", "/drive/v3/files/book?fields=version")["version"].string_or() == "3");
  const Json changes =
      s.ask("GET", "/drive/v3/changes?pageToken=" + start + "&fields=newStartPageToken,changes(fileId,file(version))");
  CHECK(changes["changes"].dump() == R"([{"fileId":"book","file":{"version":"3"}}])");
  CHECK(s.ask("GET", "/drive/v3/changes?pageToken=" + changes["newStartPageToken"].string_or())["changes"].dump() ==
        "[]");
  const Json error = s.ask("GET", "/drive/v3/files/gone");
  CHECK(error["error"]["code"].as_int() == 404);
  CHECK((*error["error"]["errors"].if_array())[0]["reason"].string_or() == "notFound");
}

TEST_CASE("reads: filters by grid, tab titles, masks that name nothing") {
  Service s;
  s.book({tab("P1", 7, {{"a"}}), tab("B", 8, {{"b"}})});
  CHECK(s.ask("POST", "/v4/spreadsheets/book:getByDataFilter?fields=sheets.properties.title",
              R"({"dataFilters":[{"gridRange":{"sheetId":8}}]})")
            .dump() == R"({"sheets":[{"properties":{"title":"B"}}]})");
  CHECK(s.ask("POST", "/v4/spreadsheets/book:getByDataFilter",
              R"({"dataFilters":[{"gridRange":{"sheetId":9}}]})")["error"]["message"]
            .string_or() == "No grid with id: 9");
  CHECK(s.ask("GET", "/v4/spreadsheets/book/?fields=sheets(properties(sheetId))&ranges='P1'").dump() ==
        R"({"sheets":[{"properties":{"sheetId":7}}]})");
  CHECK(s.ask("GET", "/v4/spreadsheets/book?fields=sheets.foo")["error"]["message"].string_or() ==
        "Request contains an invalid argument.");
  CHECK(s.ask("GET", "/v4/spreadsheets/gone")["error"]["status"].string_or() == "NOT_FOUND");
  const Json created = s.ask(
      "POST", "/v4/spreadsheets",
      R"({"properties":{"title":"Mine"},"sheets":[{"properties":{"title":"T"},"data":[{"rowData":[{"values":[{"userEnteredValue":{"numberValue":3}}]}]}]}]})");
  CHECK(created["properties"]["title"].string_or() == "Mine");
  CHECK(s.service->values(created["spreadsheetId"].string_or(), "T")->at(0).at(0) == "3");
}

TEST_CASE("the test interface is there only when asked for") {
  Service closed;
  CHECK(closed.call("GET", "/_log").response.status == 404);
  Service s(Options{.control = true});
  CHECK(s.ask("POST", "/_control/spreadsheets",
              R"({"id":"book","tabs":[{"title":"A","sheetId":7,"values":[["x",2,"=B1*2"]]}]})")["spreadsheetId"]
            .string_or() == "book");
  CHECK(s.shown(1, 3) == "4");
  s.ask("POST", "/_control/faults", R"({"kind":"read","fault":"status","status":503,"count":2})");
  CHECK(s.call("GET", "/v4/spreadsheets/book").response.status == 503);
  CHECK(s.call("GET", "/v4/spreadsheets/book").response.status == 503);
  CHECK(s.call("GET", "/v4/spreadsheets/book").response.status == 200);
  CHECK(s.ask("GET", "/_log")["calls"].if_array()->size() == 3);
}

}  // namespace rowlane::sheets::local
