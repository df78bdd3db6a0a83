#include "sync/journal.hpp"

#include <fmt/format.h>

#include <charconv>

#include "base/log.hpp"

namespace rowlane::sync {

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kHex.find(text[i]), low = kHex.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

std::int64_t number(const Json& json) { return json.as_int().value_or(0); }

Result<Effect> read_effect(const Json& json, FieldCatalogue& catalogue) {
  Effect effect;
  effect.kind = static_cast<EffectKind>(number(json["kind"]));
  effect.tab = json["tab"].string_or();
  effect.record = {number(json["record"])};
  effect.version = number(json["version"]);
  effect.public_id = json["id"].string_or();
  effect.job = {number(json["job"])};
  effect.user = {number(json["user"])};
  effect.row = static_cast<int>(number(json["row"]));
  effect.counts = json["counts"] == Json(true);
  effect.overwritten = number(json["overwritten"]);
  effect.notice = json["notice"].string_or();
  if (const std::string* base = json["base"].if_string()) {
    const auto blob = from_hex(*base);
    if (!blob) return fail(Errc::corrupt, "a journal entry cannot be read back");
    Result<Fields> fields = catalogue.decode(*blob);
    if (!fields) return std::unexpected(fields.error());
    effect.base = std::move(*fields);
  }
  const Json::Array* history = json["history"].if_array();
  if (!history) return fail(Errc::corrupt, "a journal entry cannot be read back");
  for (const Json& h : *history)
    effect.history.push_back({effect.record, effect.job, effect.user, "sheet", h["what"].string_or(), effect.tab,
                              h["field"].string_or(), static_cast<int>(number(h["row"])), h["before"].string_or(),
                              h["after"].string_or()});
  return effect;
}

Json cell_json(const sheets::CellWrite& write) {
  Json value;
  if (const auto* text = std::get_if<std::string>(&write.value))
    value = Json(*text);
  else if (const auto* number_value = std::get_if<double>(&write.value))
    value = Json(*number_value);
  else if (const auto* boolean = std::get_if<bool>(&write.value))
    value = Json(*boolean);
  else if (const auto* formula = std::get_if<sheets::FormulaText>(&write.value))
    value = Json::object({{"f", formula->text}});
  if (!write.format) return value;
  return Json::object({{"v", value}, {"format", static_cast<int>(write.format->first)}});
}
sheets::CellWrite read_cell(const Json& json) {
  sheets::CellWrite write;
  const Json* format = json.find("format");
  const Json& value = format ? json["v"] : json;
  if (const std::string* text = value.if_string())
    write.value = *text;
  else if (value == Json(true) || value == Json(false))
    write.value = value == Json(true);
  else if (value.if_object())
    write.value = sheets::FormulaText{value["f"].string_or()};
  else if (const auto number_value = value.as_double())
    write.value = *number_value;
  if (format) write.format = {static_cast<FormatKind>(number(*format)), ""};
  return write;
}

// What an operation leaves in rows and columns is kept; room for rows, filters and the like are not needed to judge it.
std::optional<Json> op_json(const SentOp& sent) {
  using namespace sheets;
  if (const auto* update = std::get_if<op::UpdateCells>(&sent.op)) {
    Json cells = Json::array();
    for (const CellWrite& cell : update->cells) cells.push(cell_json(cell));
    Json json = Json::object({{"op", "update"},
                              {"effect", sent.effect},
                              {"sheet", update->sheet_id},
                              {"row", update->row},
                              {"column", update->column},
                              {"cells", cells}});
    if (sent.replaces) json.set("replaces", cell_json(*sent.replaces));
    return json;
  }
  if (const auto* insert = std::get_if<op::InsertRows>(&sent.op))
    return Json::object({{"op", "insert"},
                         {"effect", sent.effect},
                         {"sheet", insert->sheet_id},
                         {"row", insert->row},
                         {"count", insert->count}});
  if (const auto* remove = std::get_if<op::DeleteRows>(&sent.op))
    return Json::object({{"op", "delete"},
                         {"effect", sent.effect},
                         {"sheet", remove->sheet_id},
                         {"row", remove->row},
                         {"count", remove->count}});
  if (const auto* mark = std::get_if<op::MarkColumn>(&sent.op))
    return Json::object({{"op", "mark"},
                         {"effect", sent.effect},
                         {"sheet", mark->sheet_id},
                         {"column", mark->column},
                         {"id", mark->metadata_id},
                         {"value", mark->value}});
  return std::nullopt;
}
SentOp read_op(const Json& json) {
  using namespace sheets;
  const int effect = static_cast<int>(number(json["effect"])), row = static_cast<int>(number(json["row"])),
            count = static_cast<int>(number(json["count"]));
  const std::int64_t sheet = number(json["sheet"]);
  if (json["op"] == Json("insert")) return {op::InsertRows{sheet, row, count}, effect};
  if (json["op"] == Json("delete")) return {op::DeleteRows{sheet, row, count}, effect};
  if (json["op"] == Json("mark"))
    return {op::MarkColumn{sheet, static_cast<int>(number(json["column"])), number(json["id"]),
                           std::string(kColumnMarkKey), json["value"].string_or()},
            effect};
  op::UpdateCells update{sheet, row, static_cast<int>(number(json["column"])), {}};
  if (const Json::Array* cells = json["cells"].if_array())
    for (const Json& cell : *cells) update.cells.push_back(read_cell(cell));
  SentOp sent{std::move(update), effect};
  if (const Json* replaces = json.find("replaces")) sent.replaces = read_cell(*replaces);
  return sent;
}

Json effect_json(const Effect& e, const FieldCatalogue& catalogue) {
  Json history = Json::array();
  for (const store::HistoryRow& h : e.history)
    history.push(
        Json::object({{"what", h.what}, {"field", h.field}, {"row", h.row}, {"before", h.before}, {"after", h.after}}));
  return Json::object({{"kind", static_cast<int>(e.kind)},
                       {"tab", e.tab},
                       {"record", e.record.value},
                       {"version", e.version},
                       {"id", e.public_id},
                       {"job", e.job.value},
                       {"user", e.user.value},
                       {"row", e.row},
                       {"counts", e.counts},
                       {"overwritten", e.overwritten},
                       {"notice", e.notice},
                       {"base", e.base ? Json(to_hex(catalogue.encode(*e.base, true))) : Json()},
                       {"history", history}});
}

// Little-endian fixed widths: it is read back by the same program on the same machine, or not at all.
class Packer {
 public:
  std::string out;
  void number(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>((value >> (8 * i)) & 255);
  }
  void text(std::string_view value) {
    number(value.size(), 4);
    out += value;
  }
};
class Unpacker {
 public:
  explicit Unpacker(std::string_view in) : in_(in) {}
  bool good = true;
  [[nodiscard]] bool at_end() const { return in_.empty(); }
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    const std::string_view piece = take(static_cast<std::size_t>(bytes));
    for (std::size_t i = 0; i < piece.size(); ++i)
      value |= static_cast<std::uint64_t>(static_cast<unsigned char>(piece[i])) << (8 * i);
    return value;
  }
  std::string_view text() { return take(number(4)); }

 private:
  std::string_view take(std::size_t bytes) {
    if (bytes > in_.size()) {
      good = false;
      in_ = {};
      return {};
    }
    const std::string_view piece = in_.substr(0, bytes);
    in_.remove_prefix(bytes);
    return piece;
  }
  std::string_view in_;
};

}  // namespace

std::string pack_table(const SheetTable& table) {
  Packer pack;
  pack.number(static_cast<std::uint64_t>(table.sheet_id), 8);
  pack.text(table.title);
  pack.number(static_cast<std::uint64_t>(table.grid_rows), 4);
  pack.number(static_cast<std::uint64_t>(table.grid_columns), 4);
  pack.number(table.column_marks.size(), 4);
  for (const ColumnMark& mark : table.column_marks) {
    pack.number(static_cast<std::uint64_t>(mark.column), 4);
    pack.number(static_cast<std::uint64_t>(mark.metadata_id), 8);
    pack.text(mark.key);
    pack.text(mark.value);
  }
  pack.number(static_cast<std::uint64_t>(table.row_count()), 4);
  for (int row = 1; row <= table.row_count(); ++row) {
    int width = table.column_count();
    while (width > 0 && table.at(row, width).is_empty() && table.at(row, width).format == FormatKind::none) --width;
    pack.number(static_cast<std::uint64_t>(width), 4);
    for (int column = 1; column <= width; ++column) {
      const Cell& cell = table.at(row, column);
      pack.number(static_cast<std::uint64_t>(cell.kind) | (cell.formula ? 16U : 0U) | (cell.spilled ? 32U : 0U), 1);
      pack.number(static_cast<std::uint64_t>(cell.format), 1);
      if (cell.kind == CellKind::text || cell.kind == CellKind::error)
        pack.text(cell.text());
      else if (cell.kind != CellKind::empty)
        pack.number(std::bit_cast<std::uint64_t>(cell.number), 8);
      if (cell.formula) pack.text(table.formula_at(row, column));
    }
  }
  return std::move(pack.out);
}

std::optional<SheetTable> unpack_table(std::string_view packed) {
  Unpacker pack(packed);
  SheetTable table;
  table.sheet_id = static_cast<std::int64_t>(pack.number(8));
  table.title = pack.text();
  table.grid_rows = static_cast<int>(pack.number(4));
  table.grid_columns = static_cast<int>(pack.number(4));
  table.has_data = true;
  for (auto left = pack.number(4); left > 0 && pack.good; --left) {
    ColumnMark mark;
    mark.column = static_cast<int>(pack.number(4));
    mark.metadata_id = static_cast<std::int64_t>(pack.number(8));
    mark.key = pack.text();
    mark.value = pack.text();
    table.column_marks.push_back(std::move(mark));
  }
  for (auto rows = pack.number(4); rows > 0 && pack.good; --rows) {
    for (auto left = pack.number(4); left > 0 && pack.good; --left) {
      const std::uint64_t flags = pack.number(1);
      Cell cell;
      const auto format = static_cast<FormatKind>(pack.number(1));
      const auto kind = static_cast<CellKind>(flags & 15);
      if (kind == CellKind::text || kind == CellKind::error)
        cell = table.text_cell(pack.text());
      else if (kind != CellKind::empty)
        cell.number = std::bit_cast<double>(pack.number(8));
      cell.kind = kind, cell.format = format, cell.spilled = (flags & 32) != 0;
      if (flags & 16)
        table.add_formula_cell(cell, pack.text());
      else
        table.add_cell(cell);
    }
    table.end_row();
  }
  if (!pack.good || !pack.at_end()) return std::nullopt;
  return table;
}

JournalEntry to_journal(const Sent& sent, const FieldCatalogue& catalogue) {
  JournalEntry entry;
  Json ops = Json::array(), effects = Json::array(), tabs = Json::array();
  for (const SentOp& each : sent.ops)
    if (std::optional<Json> op = op_json(each)) ops.push(std::move(*op));
  for (const Effect& e : sent.effects) effects.push(effect_json(e, catalogue));
  Packer tables;
  for (const SentTab& tab : sent.tabs) {
    const bool kept = tab.planned && tab.planned->bytes() <= kTableBytesMax;
    tabs.push(Json::object({{"key", tab.key},
                            {"sheet", tab.sheet_id},
                            {"header_row", tab.header_row},
                            {"id_column", tab.id_column},
                            {"kept", kept}}));
    if (kept) tables.text(pack_table(*tab.planned));
  }
  entry.body = Json::object({{"format", kJournalFormat}, {"ops", ops}, {"effects", effects}, {"tabs", tabs}}).dump();
  entry.tables = std::move(tables.out);
  return entry;
}

namespace {

// `text` as `entered_of` gives it. False: it is none, or names effects that the write does not have.
bool mark_entered(std::string_view text, std::vector<Effect>& effects) {
  const auto take_number = [&](std::size_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return error == std::errc{};
  };
  const auto take = [&](char c) {
    const bool is_there = text.starts_with(c);
    if (is_there) text.remove_prefix(1);
    return is_there;
  };
  while (!text.empty()) {
    std::size_t first = 0, last = 0;
    if (!take_number(first) || !take('-') || !take_number(last) || last >= effects.size()) return false;
    for (std::size_t i = first; i <= last; ++i) effects[i].entered = true;
    if (!take(',') && !text.empty()) return false;
  }
  return true;
}

Result<Sent> read_entry(const store::PendingJournal& entry, FieldCatalogue& catalogue) {
  const auto broken = [] { return fail(Errc::corrupt, "a journal entry cannot be read back"); };
  const Result<Json> json = parse_json(entry.body);
  if (!json || number((*json)["format"]) != kJournalFormat || !(*json)["ops"].if_array() ||
      !(*json)["effects"].if_array() || !(*json)["tabs"].if_array())
    return broken();
  Sent sent{.pass = entry.pass, .chunk = entry.chunk, .token = entry.token, .ops = {}, .effects = {}, .tabs = {}};
  for (const Json& op : *(*json)["ops"].if_array()) sent.ops.push_back(read_op(op));
  for (const Json& one : *(*json)["effects"].if_array()) {
    Result<Effect> effect = read_effect(one, catalogue);
    if (!effect) return std::unexpected(effect.error());
    sent.effects.push_back(std::move(*effect));
  }
  Unpacker tables(entry.tables);
  for (const Json& one : *(*json)["tabs"].if_array()) {
    SentTab tab{.key = one["key"].string_or(),
                .sheet_id = number(one["sheet"]),
                .header_row = static_cast<int>(number(one["header_row"])),
                .id_column = static_cast<int>(number(one["id_column"])),
                .planned = nullptr};
    if (one["kept"] == Json(true)) {
      std::optional<SheetTable> table = unpack_table(tables.text());
      if (!table || !tables.good) return broken();
      tab.planned = std::make_shared<const SheetTable>(std::move(*table));
    }
    sent.tabs.push_back(std::move(tab));
  }
  if (!mark_entered(entry.entered, sent.effects)) return broken();
  return sent;
}

}  // namespace

std::string entered_of(const Sent& sent) {
  std::string out;
  for (std::size_t i = 0; i < sent.effects.size(); ++i) {
    if (!sent.effects[i].entered) continue;
    std::size_t last = i;
    while (last + 1 < sent.effects.size() && sent.effects[last + 1].entered) ++last;
    out += fmt::format("{}{}-{}", out.empty() ? "" : ",", i, last);
    i = last;
  }
  return out;
}

Sent from_journal(const store::PendingJournal& entry, FieldCatalogue& catalogue) {
  Result<Sent> sent = read_entry(entry, catalogue);
  if (sent) return std::move(*sent);
  log_error("the journal entry {}.{} cannot be read: {}", entry.pass.value, entry.chunk, sent.error().message);
  Sent unreadable{.pass = entry.pass, .chunk = entry.chunk, .token = entry.token, .ops = {}, .effects = {}, .tabs = {}};
  unreadable.is_unreadable = true;
  return unreadable;
}

}  // namespace rowlane::sync
