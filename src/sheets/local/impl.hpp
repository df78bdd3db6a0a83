// The insides of LocalSheets, shared by the files that answer its routes. Nobody else includes this.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "sheets/local/batch.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/render.hpp"
#include "sheets/local/storage.hpp"
#include "sheets/local/tokens.hpp"
#include "sheets/local/values.hpp"

namespace rowlane::sheets::local {

// Google's error body for the Sheets API.
net::Response error_response(const ApiError& error);
// Drive's error body.
net::Response drive_error(int code, std::string reason, std::string message);
net::Response json_response(std::string body);

// Counts calls of the running minute.
class QuotaWindow {
 public:
  // False: over one of the limits, nothing counted.
  bool take(CallKind kind, const std::string& account, const QuotaLimits& limits, WallTime now);

 private:
  std::int64_t minute_ = -1;
  std::map<std::string, std::pair<int, int>> by_account_;  // reads, writes
  std::pair<int, int> project_;
};

// A path below /v4/spreadsheets, taken apart: "ID", "ID:batchUpdate", "ID/values/RANGE:append", ...
struct SheetsRoute {
  std::string id, collection, item, verb;  // collection: "", "values", "developerMetadata", "sheets"
};
SheetsRoute parse_sheets_route(std::string_view path);

struct LocalSheets::Impl {
  struct Held {
    StoredBook stored;
    std::unique_ptr<Evaluator> evaluator;  // for the present state; null after a change
    Evaluator& eval() {
      if (!evaluator) evaluator = std::make_unique<Evaluator>(stored.book);
      return *evaluator;
    }
  };

  Impl(Options given, Clock& c, Random& r, Storage s)
      : options(std::move(given)), clock(c), random(r), storage(std::move(s)) {}

  Options options;
  Clock& clock;
  Random& random;
  Storage storage;
  std::map<std::string, std::unique_ptr<Held>, std::less<>> books;
  std::deque<std::string> changed;  // ids of changed spreadsheets: the change feed, from page token `feed_start`
  std::int64_t feed_start = 1;
  Tokens tokens;
  QuotaWindow quota;
  Faults faults;
  std::deque<LogEntry> log;
  std::int64_t calls = 0;

  Status load();
  Held* find(std::string_view id);

  // Makes a change: on a copy, then to disk, then in place. `reply` gets what the change answers with.
  // `check` may still refuse it, seeing the book as it would be.
  using Check = std::function<ApiStatus(const Book& next)>;
  Api<Json> change(Held& held, const std::string& kind, Json body, const Check& check = {});
  // What a change of that kind does to a book. Also the replay.
  static Api<Json> make_change(StoredBook& stored, const std::string& kind, const Json& body, Draws& draws);
  Api<Json> batch(Held& held, const Json::Array& requests, const Check& check = {});
  Fault draw_fault(const CallInfo& call);
  // Scripted edits of a person; a refused one is logged and left.
  void edit(const std::string& id, const Json::Array& requests);
  Result<std::string> create(StoredBook stored);
  Result<std::string> build_and_create(const SeedBook& seed);
  void note_change(const std::string& id);

  // --- routes ---
  CallInfo classify(const net::Request& request, const CallContext& context);
  net::Response answer(net::Request& request, const CallContext& context, const CallInfo& info);
  net::Response answer_any(net::Request& request, const CallContext& context, const CallInfo& info);
  // Who may do this: a refusal, or nothing.
  std::optional<ApiError> check_caller(const net::Request& request, const CallContext& context, const CallInfo& info);
  net::Response sheets(const net::Request& request, const CallInfo& info);
  Api<std::string> create_spreadsheet(const net::Request& request);
  Api<std::string> get_spreadsheet(Held& held, const net::Request& request);
  Api<std::string> get_by_data_filter(Held& held, const net::Request& request);
  Api<std::string> batch_update(Held& held, const net::Request& request);
  Api<std::string> values(Held& held, const net::Request& request, const SheetsRoute& route);
  Api<std::string> values_post(Held& held, const net::Request& request, const SheetsRoute& route);
  Api<std::string> metadata(Held& held, const net::Request& request, const SheetsRoute& route);
  net::Response drive(const net::Request& request, const CallContext& context, const CallInfo& info);
  net::Response control(const net::Request& request);
  net::Response log_page(const net::Request& request);
  static std::optional<net::Response> page(std::string_view path);
};

// The page's files; null for an unknown name.
struct PageFile {
  std::string_view content_type, body;
};
const PageFile* find_page_file(std::string_view name);

// The `fields` parameter as a mask over `type`; without one: everything.
struct QueryMask {
  bool given = false;
  FieldMask mask;
};
Api<QueryMask> read_fields(const net::Request& request, std::string_view type);
// A query parameter that is an enumeration value or a truth.
bool query_flag(const net::Request& request, std::string_view name);

}  // namespace rowlane::sheets::local
