#include "sheets/google/google_sheets.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.hpp"
#include "net/http.hpp"
#include "sheets/google/encode.hpp"
#include "sheets/google/parse.hpp"

namespace rowlane::sheets::google {

namespace {

// Field masks: only what the tables hold. effectiveFormat would double a reply; formattedValue depends on the locale.
constexpr std::string_view kCells =
    "data(startRow,startColumn,rowData.values(userEnteredValue,effectiveValue,userEnteredFormat.numberFormat.type)";
constexpr std::string_view kMark =
    "developerMetadata(metadataId,metadataKey,metadataValue,location(locationType,dimensionRange))";

std::string read_fields() {
  return fmt::format(
      "properties(title,locale,timeZone),{0},sheets(properties(sheetId,title,index,gridProperties(rowCount,columnCount)),"
      "{1},columnMetadata(hiddenByUser,{0})),merges,basicFilter(range,filterSpecs,sortSpecs),tables(range),{0})",
      kMark, kCells);
}
std::string read_back_fields() {
  return fmt::format("updatedSpreadsheet.sheets(properties(sheetId,title),{}))", kCells);
}

std::string without_slash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

// The grid that answers `wanted`: the first one of its tab that starts where it starts and is not yet taken.
std::optional<ReadBackRange> take_range(std::vector<TabBlocks>& tabs, const ReadBack& wanted) {
  const auto tab = std::ranges::find_if(tabs, [&](const TabBlocks& each) { return each.title == wanted.title; });
  if (tab == tabs.end()) return std::nullopt;
  const auto block = std::ranges::find_if(tab->blocks, [&](const GridBlock& each) {
    return each.row == wanted.range.row_first && each.column == wanted.range.column_first;
  });
  if (block == tab->blocks.end()) return std::nullopt;
  ReadBackRange found{.title = wanted.title, .range = wanted.range, .cells = std::move(block->cells)};
  tab->blocks.erase(block);
  found.cells.sheet_id = tab->sheet_id;
  found.cells.title = wanted.title;
  found.cells.has_data = true;
  return found;
}

bool has_tab(const SpreadsheetSnapshot& snapshot, const TabRef& ref) {
  return std::ranges::any_of(snapshot.tabs, [&](const SheetTable& tab) { return tab.sheet_id == *ref.sheet_id; });
}

}  // namespace

// One call: what is sent, and the parser of a 200 answer (null: the answer's body is kept as it is).
struct GoogleSheets::Call {
  std::string method, url, body;
  CallContext context;
  ReplyParser* parser = nullptr;
};

GoogleSheets::GoogleSheets(net::HttpClient& http, const Clock& clock, GoogleOptions options,
                           std::optional<Credentials> credentials)
    : http_(http), clock_(clock), options_(std::move(options)) {
  options_.sheets_url = without_slash(std::move(options_.sheets_url));
  options_.drive_url = without_slash(std::move(options_.drive_url));
  if (!credentials) return;
  share_with_ = credentials->client_email;
  tokens_.emplace(http, clock, std::move(*credentials));
}

std::string GoogleSheets::share_with() const { return share_with_; }

std::size_t GoogleSheets::estimate_bytes(const Op& op, bool as_further_row) const {
  return estimate_op_bytes(op, as_further_row);
}

// `call` and `may_send` belong to the caller's frame, which awaits this.
Task<Result<net::HttpAnswer>> GoogleSheets::exchange(Call& call, const MaySend& may_send) {
  for (int attempt = 1;; ++attempt) {
    std::string token;
    if (tokens_) {
      Result<std::string> got = co_await tokens_->token();
      if (!got) co_return std::unexpected(std::move(got.error()));
      token = std::move(*got);
    }
    // After the token, so that nothing that takes time stands between the permission and the send.
    if (may_send) {
      Status allowed = co_await may_send();
      if (!allowed) co_return std::unexpected(std::move(allowed.error()));
    }
    net::HttpRequest request;
    request.method = call.method;
    request.url = call.url;
    request.body = call.body;
    request.timeout = options_.timeout;
    request.answer_bytes_max = options_.answer_bytes_max;
    if (tokens_) request.headers.emplace_back("Authorization", "Bearer " + token);
    if (call.method == "POST") request.headers.emplace_back("Content-Type", "application/json");
    if (call.parser != nullptr)
      request.on_body = [parser = call.parser](std::string_view piece) { return parser->feed(piece); };

    Result<net::HttpAnswer> answer = co_await http_.send(std::move(request));
    if (!answer) {
      Error error = error_of(std::move(answer.error()), call.context.is_write);
      // The parser gave the exchange up: its reason says more than the client's.
      if (call.parser != nullptr && !call.parser->feed({}))
        error.message = "Google's answer cannot be read: " + call.parser->finish().error().message;
      co_return std::unexpected(std::move(error));
    }
    if (answer->status == 401 && tokens_ && attempt == 1) {  // whoever says so: a fresh token costs little
      tokens_->reject(token);
      continue;
    }
    call.context.now = clock_.now();
    call.context.quota_window = options_.quota_window;
    if (answer->status != 200) co_return std::unexpected(error_of(*answer, call.context));
    if (call.parser != nullptr) {
      if (const Status whole = call.parser->finish(); !whole)
        co_return fail(call.context.is_write ? Errc::unknown_outcome : Errc::unavailable,
                       "Google's answer cannot be read: " + whole.error().message);
    }
    co_return answer;
  }
}

Task<Result<SpreadsheetSnapshot>> GoogleSheets::read(ReadRequest request) {
  const bool by_id = !request.tabs.empty() && !request.may_be_gone &&
                     std::ranges::all_of(request.tabs, [](const TabRef& tab) { return tab.sheet_id.has_value(); });
  co_return co_await fetch(request, by_id);
}

Task<Result<SpreadsheetSnapshot>> GoogleSheets::fetch(ReadRequest& request, bool by_id) {
  ReplyParser parser(ReplyParser::Shape::spreadsheet, request.tabs);
  Call call;
  call.context.share_with = share_with_;
  call.parser = &parser;
  call.method = by_id ? "POST" : "GET";
  call.url = fmt::format("{}/v4/spreadsheets/{}{}?prettyPrint=false&fields={}", options_.sheets_url,
                         net::percent_encode(request.spreadsheet_id), by_id ? ":getByDataFilter" : "",
                         net::percent_encode(read_fields()));
  if (by_id) call.body = encode_tab_filters(request.tabs);
  const Result<net::HttpAnswer> answer = co_await exchange(call, request.may_send);
  if (!answer) co_return std::unexpected(answer.error());

  SpreadsheetSnapshot snapshot = parser.take_snapshot();
  if (snapshot.tabs.empty() && !by_id)
    co_return fail(Errc::unavailable, "Google's answer cannot be read: it has no tabs");
  for (const TabRef& tab : request.tabs) {
    if (tab.sheet_id && !request.may_be_gone && !has_tab(snapshot, tab))
      co_return fail(Errc::sheet_missing, fmt::format("the tab '{}' is gone from the spreadsheet", tab.title));
  }
  co_return snapshot;
}

Task<Result<WriteAnswer>> GoogleSheets::write(WriteRequest request) {
  Result<WriteAnswer> answer = co_await send_batch(request, request.names_refused ? Rows::apart : Rows::joined);
  // Nothing was applied. Which of the joined rows it was shows when each goes by itself.
  if (!answer && answer.error().request_index == kSeveralOps) answer = co_await send_batch(request, Rows::apart);
  co_return std::move(answer);
}

// `request` belongs to the caller's frame, which awaits this.
Task<Result<WriteAnswer>> GoogleSheets::send_batch(const WriteRequest& request, Rows rows) {
  const Result<EncodedBatch> batch = encode_batch(request.ops, request.read_back, rows);
  if (!batch) co_return std::unexpected(batch.error());
  ReplyParser parser(ReplyParser::Shape::batch_update);
  Call call;
  call.context.is_write = true;
  call.context.share_with = share_with_;
  call.context.op_of_request = &batch->op_of_request;
  call.parser = &parser;
  call.method = "POST";
  call.url = fmt::format("{}/v4/spreadsheets/{}:batchUpdate?prettyPrint=false&fields={}", options_.sheets_url,
                         net::percent_encode(request.spreadsheet_id),
                         net::percent_encode(request.read_back.empty() ? "spreadsheetId" : read_back_fields()));
  call.body = batch->body;
  const Result<net::HttpAnswer> answer = co_await exchange(call, request.may_send);
  if (!answer) co_return std::unexpected(answer.error());

  WriteAnswer written;
  std::vector<TabBlocks> tabs = parser.take_blocks();
  for (const ReadBack& wanted : request.read_back) {
    std::optional<ReadBackRange> range = take_range(tabs, wanted);
    if (!range) co_return fail(Errc::unknown_outcome, "Google's answer lacks a range that was asked for");
    written.read_back.push_back(std::move(*range));
  }
  co_return written;
}

Task<Result<std::string>> GoogleSheets::version(std::string spreadsheet_id) {
  Call call;
  call.context.share_with = share_with_;
  call.method = "GET";
  call.url = fmt::format("{}/files/{}?supportsAllDrives=true&fields=version", options_.drive_url,
                         net::percent_encode(spreadsheet_id));
  const MaySend unlimited;
  const Result<net::HttpAnswer> answer = co_await exchange(call, unlimited);
  if (!answer) co_return std::unexpected(answer.error());
  const Result<Json> body = parse_json(answer->body);
  std::string version = body ? (*body)["version"].string_or() : std::string();
  if (version.empty()) co_return fail(Errc::unavailable, "Drive's answer has no version");
  co_return version;
}

}  // namespace rowlane::sheets::google
