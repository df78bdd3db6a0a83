// A service in memory with a clock and an executor that the test turns by hand.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "sheets/local/local_sheets.hpp"
#include "support/manual_executor.hpp"

namespace rowlane::sheets::local {

struct HandClock final : Clock {
  WallTime at = from_ms(1'790'000'000'000);
  [[nodiscard]] WallTime now() const override { return at; }
};

inline Json json_of(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed) FAIL("no JSON: " << std::string(text) << " " << parsed.error().message);
  return *parsed;
}
inline Json::Array list_of(std::string_view text) { return *json_of(text).if_array(); }

// A bare word or text is text, a number a number, "=..." a formula.
inline SeedCell seed(std::string_view text) {
  SeedCell cell;
  if (text.starts_with("=")) {
    cell.formula = text;
  } else if (const auto number = parse_json(text); number && number->as_double()) {
    cell.value = *number->as_double();
  } else {
    cell.value = std::string(text);
  }
  return cell;
}
inline SeedTab tab(std::string title, std::int64_t id, std::vector<std::vector<std::string>> rows, int row_count = 20,
                   int column_count = 8) {
  SeedTab out{.title = std::move(title), .sheet_id = id, .rows = row_count, .columns = column_count};
  for (const auto& row : rows) {
    out.cells.emplace_back();
    for (const auto& cell : row) out.cells.back().push_back(seed(cell));
  }
  return out;
}

struct Service {
  explicit Service(Options options = {}) { reopen(std::move(options)); }
  void reopen(Options options) {
    service.reset();
    auto opened = LocalSheets::open(std::move(options), clock, random);
    REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().message));
    service = std::move(*opened);
  }
  void book(std::vector<SeedTab> tabs, std::string locale = "en_US") {
    SeedBook seed_book{.id = "book",
                       .title = "Test",
                       .locale = std::move(locale),
                       .tabs = std::move(tabs),
                       .shared_with = {"robot@test"}};
    REQUIRE(service->create(seed_book).has_value());
  }
  Reply call(std::string method, std::string target, std::string body = {}, std::string token = {}) {
    net::Request request{.method = std::move(method), .target = target, .body = std::move(body)};
    const std::size_t question = target.find('?');
    request.path = net::percent_decode(std::string_view(target).substr(0, question));
    if (question != std::string::npos) request.query = net::parse_query(std::string_view(target).substr(question + 1));
    if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
    return executor.finish(service->call(std::move(request)));
  }
  // The answer's JSON, whatever its status.
  Json ask(std::string method, std::string target, std::string body = {}) {
    const Reply reply = call(std::move(method), std::move(target), std::move(body));
    return json_of(reply.response.body);
  }
  Json batch(std::string requests) {
    return ask("POST", "/v4/spreadsheets/book:batchUpdate", "{\"requests\":" + requests + "}");
  }
  std::string shown(int row, int column, std::string_view title = "A") {
    return service->cell("book", title, row, column)->formatted;
  }
  std::string formula(int row, int column, std::string_view title = "A") {
    return service->cell("book", title, row, column)->formula;
  }

  HandClock clock;
  SeededRandom random{1};
  testing::ManualExecutor executor;
  std::unique_ptr<LocalSheets> service;
};

}  // namespace rowlane::sheets::local
