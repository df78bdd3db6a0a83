// The Local Sheets service: a model of Google Sheets v4, and of the few Drive v3 and token endpoints that
// Rowlane and people's scripts use, as a request handler without sockets. Spreadsheets live in memory and,
// when a file is given, in SQLite: a write is on disk before its answer.
//
// Rows and columns are 1-based in this interface and 0-based in the JSON, as Google has it.
// Threads: none of its own. All calls are made on one executor's thread; waiting (scripted delays) goes
// through `sleep_for`. Time and chance come in through the constructor, so a simulation replays it exactly.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/random.hpp"
#include "base/task.hpp"
#include "net/http.hpp"

namespace rowlane::sheets::local {

// What counts against which quota, and what a fault is aimed at.
enum class CallKind {
  read,   // Sheets: get, getByDataFilter, values reads, metadata reads
  write,  // Sheets: create, batchUpdate, values writes
  token,  // POST /token
  drive,  // Drive v3
  other,  // pages, the log, the test interface
};
std::string_view to_string(CallKind kind);

struct CallInfo {
  CallKind kind{};
  std::string method, path;
  std::string spreadsheet_id;  // empty for token, the change feed and pages
  std::string account;         // who calls, as far as the token tells; empty for a trusted caller
  std::size_t body_bytes = 0;
  std::int64_t number = 0;  // counts all calls from 1
};

// What happens to one call. The default: nothing.
struct Fault {
  enum class Kind {
    none,
    status,        // answered with `status` in Google's shape; nothing is applied
    html,          // answered with an HTML page and `status`; nothing is applied
    empty,         // 200 with an empty body; nothing is applied
    refused,       // the connection was never made: `unavailable` by the private way, else as reset_before
    reset_before,  // the connection breaks before the call takes effect
    reset_after,   // the call takes effect, then the connection breaks without an answer
    cut,           // the call takes effect, its answer breaks off after `cut_after_bytes`
    status_after,  // the call takes effect, then is answered with `status`
  };
  Kind kind = Kind::none;
  int status = 500;
  std::optional<int> retry_after_s;  // sent with the answer of `status`
  Millis delay_before{0};            // before the call takes effect
  Millis delay_after{0};             // between the effect and the answer
  std::int64_t cut_after_bytes = 0;
  bool expire_tokens = false;  // all tokens given out so far are void before the call is looked at
  Json::Array edit_before;     // batchUpdate requests of "a person", applied right before the call's effect
  Json::Array edit_after;      // the same, right after it (after a read: between that read and the next write)
};

// Decides what happens to each call. The hook is asked first; what it leaves alone goes by the script.
class Faults {
 public:
  // Called once a call, before anything else happens to it.
  std::function<Fault(const CallInfo&)> hook;

  // The next `count` calls of `kind` meet `fault`, after those scripted for that kind before.
  void script(CallKind kind, Fault fault, int count = 1);
  // Forgets what is scripted; the hook stays.
  void clear() { scripted_.clear(); }
  [[nodiscard]] std::size_t pending() const { return scripted_.size(); }
  Fault decide(const CallInfo& call);

 private:
  std::deque<std::pair<CallKind, Fault>> scripted_;
};

// Requests a minute; over it: 429. Zero: no limit. The window is fixed, from the minute's start, as Google's
// is.
struct QuotaLimits {
  int reads = 0, writes = 0;                  // for one account
  int project_reads = 0, project_writes = 0;  // for all accounts together
  static QuotaLimits google() { return {.reads = 60, .writes = 60, .project_reads = 300, .project_writes = 300}; }
};

struct Options {
  std::string file;            // SQLite file; empty: in memory
  bool require_token = false;  // false: whoever calls is trusted
  bool control = false;        // serve /_control and /_log
  QuotaLimits quota;
  // RS256 public keys (PEM) by issuer (a service account's address). Empty: any issuer and signature is
  // taken.
  std::map<std::string, std::string> issuers;
  std::string token_audience;  // the `aud` a grant must name; empty: any
};

// Set by whoever embeds the service, for each request it passes on.
struct CallContext {
  bool trusted = false;  // the embedder has authorised the caller: no token, no sharing check, no quota
};

// A cell as people see it and as it was entered.
using CellValue = std::variant<std::monostate, std::string, double, bool>;

struct SeedCell {
  CellValue value;             // text is never taken for a formula
  std::string formula;         // "=A1*2"; wins over `value`
  std::string format_type;     // "DATE", "NUMBER", "CURRENCY", "TEXT", ...; empty: none
  std::string format_pattern;  // "dd/mm/yyyy"; empty: the type's default
  std::string note;
};

struct SeedTab {
  std::string title;
  std::optional<std::int64_t> sheet_id;  // drawn when not given
  int rows = 1000, columns = 26;         // grown to hold `cells`
  std::vector<std::vector<SeedCell>> cells;
  int frozen_rows = 0;
};

struct SeedBook {
  std::string id;  // drawn when empty
  std::string title = "Untitled spreadsheet";
  std::string locale = "en_US";
  std::string time_zone = "Etc/GMT";
  std::vector<SeedTab> tabs;             // none: one "Sheet1" with id 0
  std::vector<std::string> shared_with;  // addresses; "*": everybody with a token
};

struct CellView {
  CellValue entered;    // what was put there; text of a formula cell is in `formula`
  std::string formula;  // "=...", empty for none
  CellValue effective;  // the value shown; an error's text ("#REF!") when `is_error`
  bool is_error = false;
  std::string formatted;    // as people see it
  std::string format_type;  // own number format
  std::string format_pattern;
  std::string note;
};

struct LogEntry {
  std::int64_t number = 0;
  WallTime at;
  CallKind kind{};
  std::string method, target, spreadsheet_id, account;
  std::size_t bytes_in = 0, bytes_out = 0;
  int status = 0;  // 0: reset, no answer was sent
};

// A handler's answer and, for the private way, whether the connection was refused or broke.
struct Reply {
  net::Response response;
  bool refused = false;  // never connected
  bool broken = false;   // no whole answer: `response.cut_after_bytes` bytes of it came
};

class LocalSheets {
 public:
  // Opens (or makes) the file and replays what is in it. `clock` and `random` outlive the service.
  static Result<std::unique_ptr<LocalSheets>> open(Options options, Clock& clock, Random& random);
  ~LocalSheets();
  LocalSheets(const LocalSheets&) = delete;
  LocalSheets& operator=(const LocalSheets&) = delete;

  // Answers one request; its path is without the mount. A broken connection is an answer with
  // `cut_after_bytes` set. The service outlives the task.
  Task<net::Response> handle(net::Request request, CallContext context = {});
  // The same, with refusals told apart. For the private way.
  Task<Reply> call(net::Request request, CallContext context = {});

  Faults& faults();
  // From now on one call in six meets a fault that the real service has now and then, drawn by `random`: 429, 500,
  // 503, resets before and after a write takes effect, expired tokens, slow and cut answers; and one write in six meets
  // a person who inserted a row right before it.
  void misbehave();
  void set_quota(const QuotaLimits& limits);
  // All tokens given out so far become invalid.
  void expire_tokens();
  // Adds or replaces the key of an issuer.
  void set_issuer(const std::string& address, const std::string& public_key_pem);

  // --- Directly, for seeding and tests: no token, no quota, no log entry; durable on return. ---
  // The new spreadsheet's id. `conflict` when the id is taken.
  Result<std::string> create(const SeedBook& book);
  [[nodiscard]] bool exists(std::string_view id) const;
  [[nodiscard]] std::vector<std::string> ids() const;
  Status remove(std::string_view id);
  // Applies batchUpdate requests as a person would; the replies.
  Result<Json> apply(std::string_view id, const Json::Array& requests);
  // Grows by one with each applied batch; -1 for an unknown spreadsheet.
  [[nodiscard]] std::int64_t version(std::string_view id) const;
  Status share(std::string_view id, const std::string& address);
  Status unshare(std::string_view id, const std::string& address);
  // What a spreadsheets.get without `fields` and with `includeGridData` answers.
  Result<Json> get(std::string_view id);
  // The tab's titles in order, and its id.
  [[nodiscard]] std::vector<std::string> tab_titles(std::string_view id) const;
  [[nodiscard]] std::optional<std::int64_t> tab_id(std::string_view id, std::string_view title) const;
  // One cell; not_found for an unknown spreadsheet or tab. Outside the grid: an empty cell.
  Result<CellView> cell(std::string_view id, std::string_view title, int row, int column);
  // The formatted values of all filled rows, trailing blanks cut: grid[row - 1][column - 1].
  Result<std::vector<std::vector<std::string>>> values(std::string_view id, std::string_view title);

  [[nodiscard]] const std::deque<LogEntry>& log() const;
  void clear_log();

 private:
  struct Impl;
  explicit LocalSheets(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowlane::sheets::local
