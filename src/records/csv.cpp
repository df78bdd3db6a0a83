#include "records/csv.hpp"

#include <set>

#include "base/text.hpp"

namespace rowlane::records {

namespace {
bool is_guarded_start(char c) {
  return c == '=' || c == '+' || c == '-' || c == '@' || c == '\'' || c == '\t' || c == '\r';
}

std::unexpected<Error> bad_line(int line, std::string_view what) {
  return fail(Errc::invalid_input, fmt::format("line {}: {}", line, what));
}

std::string value_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* money = std::get_if<Money>(&value)) return money_text(*money);
  if (const auto* date = std::get_if<Date>(&value)) return date_text(*date);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return {};
}

std::vector<FieldId> all_fields(const std::vector<FieldId>& extras) {
  std::vector<FieldId> out;
  for (FieldId id = 0; id < field::shipped_count; ++id) out.push_back(id);
  out.insert(out.end(), extras.begin(), extras.end());
  return out;
}

struct Column {
  enum class Kind { id, owner, field } kind = Kind::field;
  FieldId field = 0;
  std::string name;
};

std::vector<Column> read_header(const CsvLine& line, const FieldCatalogue& catalogue,
                                const std::vector<FieldId>& extras, ImportInput& out) {
  std::vector<Column> columns;
  std::set<std::string> seen;
  const auto refuse = [&](const std::string& name, std::string reason) {
    out.errors.push_back({line.line, name, std::move(reason)});
  };
  for (const std::string& cell : line.cells) {
    const std::string name(trim(cell));
    if (!seen.insert(name).second) refuse(name, fmt::format("the column '{}' is there twice", name));
    Column& column = columns.emplace_back(Column{.name = name});
    if (name == "id") {
      column.kind = Column::Kind::id;
      continue;
    }
    if (name == "owner") {
      column.kind = Column::Kind::owner;
      continue;
    }
    const auto found = catalogue.find(name);
    const bool known =
        found && (!FieldCatalogue::is_extra(*found) || std::find(extras.begin(), extras.end(), *found) != extras.end());
    if (known) {
      column.field = *found;
      continue;
    }
    std::vector<std::string> names{"id", "owner"};
    for (const FieldId id : all_fields(extras)) names.emplace_back(catalogue.name(id));
    const std::string near = nearest(name, names);
    refuse(name, near.empty() ? fmt::format("'{}' is no field", name)
                              : fmt::format("'{}' is no field; did you mean '{}'?", name, near));
  }
  return columns;
}
}  // namespace

Result<std::vector<CsvLine>> parse_csv(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvLine> out;
  int line = 1;
  std::size_t i = 0;
  while (i < text.size()) {
    CsvLine row{.line = line};
    bool quoted_any = false;
    for (bool more = true; more;) {
      std::string cell;
      if (i < text.size() && text[i] == '"') {
        quoted_any = true;
        const int opened = line;
        for (++i;; ++i) {
          if (i >= text.size()) return bad_line(opened, "a quoted cell does not end");
          if (text[i] == '\n') ++line;
          if (text[i] != '"') {
            cell += text[i];
          } else if (i + 1 < text.size() && text[i + 1] == '"') {
            cell += '"';
            ++i;
          } else {
            ++i;
            break;
          }
        }
        const bool ends = i >= text.size() || text[i] == ',' || text[i] == '\n' || text.substr(i, 2) == "\r\n";
        if (!ends) return bad_line(line, "text stands after a closing quote");
      } else {
        while (i < text.size() && text[i] != ',' && text[i] != '\n' && text.substr(i, 2) != "\r\n") {
          if (text[i] == '"') return bad_line(line, "a quote stands inside a cell that is not quoted");
          cell += text[i++];
        }
      }
      row.cells.push_back(std::move(cell));
      more = i < text.size() && text[i] == ',';
      if (more) ++i;
    }
    if (i < text.size()) i += text[i] == '\r' ? 2 : 1;
    ++line;
    if (row.cells.size() > 1 || quoted_any || !row.cells.front().empty()) out.push_back(std::move(row));
  }
  return out;
}

std::string guard_cell(std::string text) {
  if (!text.empty() && is_guarded_start(text.front())) text.insert(text.begin(), '\'');
  return text;
}

std::string unguard_cell(std::string text) {
  if (text.size() > 1 && text.front() == '\'' && is_guarded_start(text[1])) text.erase(0, 1);
  return text;
}

void append_csv_line(std::string& out, const std::vector<std::string>& cells) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) out += ',';
    const std::string cell = guard_cell(cells[i]);
    if (cell.find_first_of(",\"\r\n") == std::string::npos) {
      out += cell;
      continue;
    }
    out += '"';
    for (const char c : cell) {
      if (c == '"') out += '"';
      out += c;
    }
    out += '"';
  }
  out += "\r\n";
}

ImportInput read_import(std::string_view text, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras,
                        const OwnerOf& owner_of) {
  ImportInput out;
  const auto rows = parse_csv(text);
  if (!rows || rows->empty()) {
    out.header_is_bad = true;
    int line = 1;
    std::string reason = rows ? "the file has no header" : rows.error().message;
    if (!rows && reason.starts_with("line ")) {
      const std::size_t colon = reason.find(": ");
      std::from_chars(reason.data() + 5, reason.data() + colon, line);
      reason.erase(0, colon + 2);
    }
    out.errors.push_back({line, "", std::move(reason)});
    return out;
  }
  const std::vector<Column> columns = read_header(rows->front(), catalogue, extras, out);
  if (!out.errors.empty()) {
    out.header_is_bad = true;
    return out;
  }
  for (std::size_t r = 1; r < rows->size(); ++r) {
    const CsvLine& row = (*rows)[r];
    store::ImportLine line{.line = row.line};
    const std::size_t errors_before = out.errors.size();
    if (row.cells.size() != columns.size()) {
      out.errors.push_back(
          {row.line, "", fmt::format("the line has {} cells, the header {}", row.cells.size(), columns.size())});
      continue;
    }
    for (std::size_t c = 0; c < columns.size(); ++c) {
      const std::string cell = unguard_cell(row.cells[c]);
      if (columns[c].kind == Column::Kind::id) {
        line.public_id = cell;
      } else if (columns[c].kind == Column::Kind::owner) {
        if (cell.empty()) continue;
        line.owner = owner_of(cell);
        if (!line.owner)
          out.errors.push_back({row.line, "owner", "owner must be the e-mail of a user whose records you may change"});
      } else {
        auto value = catalogue.from_csv(columns[c].field, cell);
        const bool needed = columns[c].field == field::name || columns[c].field == field::vertical;
        if (!value)
          out.errors.push_back({row.line, columns[c].name, value.error().message});
        else if (needed && is_blank(*value))
          out.errors.push_back({row.line, columns[c].name, columns[c].name + " is required"});
        else
          line.set.set(columns[c].field, std::move(*value));
      }
    }
    if (out.errors.size() == errors_before) out.lines.push_back(std::move(line));
  }
  return out;
}

void append_export_header(std::string& out, const FieldCatalogue& catalogue, const std::vector<FieldId>& extras) {
  std::vector<std::string> cells{"id", "owner"};
  for (const FieldId id : all_fields(extras)) cells.emplace_back(catalogue.name(id));
  append_csv_line(out, cells);
}

void append_export_record(std::string& out, const std::vector<FieldId>& extras, const Record& record,
                          std::string_view owner_email) {
  std::vector<std::string> cells{record.public_id, std::string(owner_email)};
  for (const FieldId id : all_fields(extras)) cells.push_back(value_text(record.fields.get(id)));
  append_csv_line(out, cells);
}

}  // namespace rowlane::records
