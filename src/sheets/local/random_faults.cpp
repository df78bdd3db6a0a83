// The faults of a bad day, drawn at random.
#include "sheets/local/impl.hpp"

namespace rowlane::sheets::local {

namespace {

// A person inserts a row somewhere below the first one.
Json::Array inserted_row(const Book& book, Random& random) {
  if (book.sheets.empty()) return {};
  const Sheet& sheet = book.sheets[random.below(book.sheets.size())];
  if (sheet.rows.size() < 2) return {};
  const auto row = static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(sheet.rows.size() - 1)));
  Json range = Json::object({{"sheetId", sheet.id}, {"dimension", "ROWS"}, {"startIndex", row}, {"endIndex", row + 1}});
  return {
      Json::object({{"insertDimension", Json::object({{"range", std::move(range)}, {"inheritFromBefore", true}})}})};
}

}  // namespace

Fault LocalSheets::Impl::draw_fault(const CallInfo& call) {
  Fault fault;
  if (call.kind == CallKind::other) return fault;
  const bool is_write = call.kind == CallKind::write;
  if (is_write && random.below(6) == 0)
    if (const Held* held = find(call.spreadsheet_id)) fault.edit_before = inserted_row(held->stored.book, random);
  if (random.below(6) != 0) return fault;
  switch (random.below(is_write ? 9 : 7)) {
    case 0:
      fault.kind = Fault::Kind::status, fault.status = 429, fault.retry_after_s = 2;
      break;
    case 1:
      fault.kind = Fault::Kind::status, fault.status = 500;
      break;
    case 2:
      fault.kind = Fault::Kind::status, fault.status = 503;
      break;
    case 3:
      fault.kind = Fault::Kind::reset_before;
      break;
    case 4:
      fault.expire_tokens = true;
      break;
    case 5:
      fault.delay_before = Millis{500 + static_cast<std::int64_t>(random.below(4'000))};
      break;
    case 6:
      fault.kind = Fault::Kind::cut, fault.cut_after_bytes = static_cast<std::int64_t>(random.below(500));
      break;
    case 7:
      fault.kind = Fault::Kind::reset_after;
      break;
    default:
      fault.kind = Fault::Kind::status_after, fault.status = 503;
  }
  return fault;
}

void LocalSheets::misbehave() {
  impl_->faults.hook = [impl = impl_.get()](const CallInfo& call) { return impl->draw_fault(call); };
}

}  // namespace rowlane::sheets::local
