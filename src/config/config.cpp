#include "config/config.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace rowlane::config {

namespace {

using Slot = std::variant<std::string*, std::int64_t*, bool*, std::vector<std::string>*>;

template <class Owner>
struct Option {
  std::string_view section, key;
  Slot (*slot)(Owner&);
  std::int64_t least = 0, most = 0;  // whole numbers alone
};

constexpr std::int64_t kMany = 1'000'000;

const Option<Config> kServerOptions[] = {
    {"server", "listen", [](Config& c) -> Slot { return &c.server.listen; }},
    {"server", "public_url", [](Config& c) -> Slot { return &c.server.public_url; }},
    {"server", "trusted_proxies", [](Config& c) -> Slot { return &c.server.trusted_proxies; }},
    {"server", "data_dir", [](Config& c) -> Slot { return &c.server.data_dir; }},
    {"server", "lane_jobs_max", [](Config& c) -> Slot { return &c.server.lane_jobs_max; }, 1, kMany},
    {"server", "tls_certificate", [](Config& c) -> Slot { return &c.server.tls_certificate; }},
    {"server", "tls_key", [](Config& c) -> Slot { return &c.server.tls_key; }},
    {"server", "allow_plain_http", [](Config& c) -> Slot { return &c.server.allow_plain_http; }},
    {"store", "url", [](Config& c) -> Slot { return &c.store_url; }},
    {"sheets", "provider", [](Config& c) -> Slot { return &c.sheets_provider; }},
};

const Option<GoogleAccount> kAccountOptions[] = {
    {"google", "credentials", [](GoogleAccount& a) -> Slot { return &a.credentials; }},
    {"google", "sheets_url", [](GoogleAccount& a) -> Slot { return &a.sheets_url; }},
    {"google", "drive_url", [](GoogleAccount& a) -> Slot { return &a.drive_url; }},
    {"google", "trust_version", [](GoogleAccount& a) -> Slot { return &a.trust_version; }},
    {"google.quota", "reads", [](GoogleAccount& a) -> Slot { return &a.quota.reads; }, 1, kMany},
    {"google.quota", "writes", [](GoogleAccount& a) -> Slot { return &a.quota.writes; }, 1, kMany},
    {"google.quota", "project_reads", [](GoogleAccount& a) -> Slot { return &a.quota.project_reads; }, 1, kMany},
    {"google.quota", "project_writes", [](GoogleAccount& a) -> Slot { return &a.quota.project_writes; }, 1, kMany},
    {"google.quota", "window_seconds", [](GoogleAccount& a) -> Slot { return &a.quota.window_seconds; }, 1, 86'400},
};

// The id of a spreadsheet, which people also give as the address that their browser shows; nullopt when it is neither.
std::optional<std::string> spreadsheet_id_from(std::string_view text) {
  constexpr std::string_view kMark = "/spreadsheets/d/";
  text = trim(text);
  if (const std::size_t at = text.find(kMark); at != std::string_view::npos) {
    text = text.substr(at + kMark.size());
    text = text.substr(0, text.find_first_of("/?#"));
    if (text == "e") return std::nullopt;  // of a published copy, which nobody can write to
  }
  if (text.empty() || text.find_first_of("/?#: \t") != std::string_view::npos) return std::nullopt;
  return std::string(text);
}

bool one_of(std::string_view word, std::initializer_list<std::string_view> known) {
  return std::find(known.begin(), known.end(), word) != known.end();
}

// Entries of a table in the order of the file (toml++ keeps them sorted by key).
std::vector<std::pair<const toml::key*, const toml::node*>> in_file_order(const toml::table& table) {
  std::vector<std::pair<const toml::key*, const toml::node*>> entries;
  for (auto&& [key, node] : table) entries.emplace_back(&key, &node);
  std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
    const auto& left = a.first->source().begin;
    const auto& right = b.first->source().begin;
    return left.line != right.line ? left.line < right.line : left.column < right.column;
  });
  return entries;
}

class Reader {
 public:
  Reader(std::string path, FieldCatalogue& catalogue) : path_(std::move(path)), catalogue_(catalogue) {}

  Status read(const toml::table& root, Config& config) {
    for (const auto& [key, node] : in_file_order(root)) {
      const std::string_view name = key->str();
      if (name == "agency") {
        const toml::array* list = node->as_array();
        if (!list) return wrong(*node, "agency", "written as [[agency]]");
        for (const toml::node& entry : *list) {
          const toml::table* table = entry.as_table();
          if (!table) return wrong(entry, "agency", "written as [[agency]]");
          if (const Status ok = read_agency(*table, config); !ok) return ok;
        }
        continue;
      }
      if (!one_of(name, {"server", "store", "sheets", "google"}))
        return unknown(*key, name, {"server", "store", "sheets", "google", "agency"});
      const toml::table* table = node->as_table();
      if (!table) return wrong(*node, name, "a section");
      const Status ok =
          name == "google" ? read_google(*table, config) : read_section(*table, name, config, kServerOptions);
      if (!ok) return ok;
    }
    return {};
  }

 private:
  std::unexpected<Error> at(const toml::source_region& where, std::string_view field, std::string text) const {
    return fail(Errc::invalid_input, fmt::format("{}:{}: {}", path_, where.begin.line, text), std::string(field));
  }
  std::unexpected<Error> wrong(const toml::node& node, std::string_view name, std::string_view expected) const {
    return at(node.source(), name, fmt::format("'{}' must be {}", name, expected));
  }
  std::unexpected<Error> unknown(const toml::key& key, std::string_view name,
                                 const std::vector<std::string>& known) const {
    return at(key.source(), name, fmt::format("unknown key '{}'{}", name, did_you_mean(key.str(), known)));
  }

  Status put(const toml::node& node, std::string_view name, Slot slot, std::int64_t least, std::int64_t most) const {
    if (auto* text = std::get_if<std::string*>(&slot)) {
      const auto* value = node.as_string();
      if (!value) return wrong(node, name, "a text");
      **text = value->get();
    } else if (auto* number = std::get_if<std::int64_t*>(&slot)) {
      const auto* value = node.as_integer();
      if (!value || value->get() < least || value->get() > most)
        return wrong(node, name, fmt::format("a whole number from {} to {}", least, most));
      **number = value->get();
    } else if (auto* list = std::get_if<std::vector<std::string>*>(&slot)) {
      auto values = texts(node, name);
      if (!values) return std::unexpected(values.error());
      **list = std::move(*values);
    } else {
      const auto* value = node.as_boolean();
      if (!value) return wrong(node, name, "true or false");
      *std::get<bool*>(slot) = value->get();
    }
    return {};
  }

  template <class Owner, std::size_t N>
  Status read_section(const toml::table& table, std::string_view section, Owner& owner,
                      const Option<Owner> (&options)[N], std::initializer_list<std::string_view> elsewhere = {}) const {
    for (const auto& [key, node] : in_file_order(table)) {
      if (one_of(key->str(), elsewhere)) continue;
      const std::string name = fmt::format("{}.{}", section, key->str());
      const auto option = std::find_if(std::begin(options), std::end(options), [&, k = key](const Option<Owner>& o) {
        return o.section == section && o.key == k->str();
      });
      if (option == std::end(options)) {
        std::vector<std::string> known(elsewhere.begin(), elsewhere.end());
        for (const Option<Owner>& o : options)
          if (o.section == section) known.emplace_back(o.key);
        return unknown(*key, name, known);
      }
      if (const Status ok = put(*node, name, option->slot(owner), option->least, option->most); !ok) return ok;
    }
    return {};
  }

  Status read_account(const toml::table& table, GoogleAccount& account,
                      std::initializer_list<std::string_view> elsewhere) const {
    if (const Status ok = read_section(table, "google", account, kAccountOptions, elsewhere); !ok) return ok;
    const toml::node* quota = table.get("quota");
    if (!quota) return {};
    if (!quota->is_table()) return wrong(*quota, "google.quota", "a section");
    return read_section(*quota->as_table(), "google.quota", account, kAccountOptions);
  }

  Status read_google(const toml::table& table, Config& config) const {
    if (const Status ok = read_account(table, config.accounts.front(), {"quota", "account"}); !ok) return ok;
    const toml::node* more = table.get("account");
    if (!more) return {};
    const toml::array* list = more->as_array();
    if (!list) return wrong(*more, "google.account", "written as [[google.account]]");
    for (const toml::node& entry : *list) {
      const toml::table* one = entry.as_table();
      if (!one) return wrong(entry, "google.account", "written as [[google.account]]");
      GoogleAccount account = config.accounts.front();
      account.credentials.clear();
      const toml::node* name = one->get("name");
      if (!name || !name->is_string() || name->as_string()->get().empty())
        return at(entry.source(), "google.account.name", "an account needs a 'name'");
      account.name = name->as_string()->get();
      if (config.find_account(account.name)) return wrong(*name, "google.account.name", "the name of one account only");
      if (const Status ok = read_account(*one, account, {"quota", "name"}); !ok) return ok;
      config.accounts.push_back(std::move(account));
    }
    return {};
  }

  Result<std::vector<std::string>> texts(const toml::node& node, std::string_view name) const {
    std::vector<std::string> out;
    const toml::array* list = node.as_array();
    if (!list) return wrong(node, name, "a list of texts");
    for (const toml::node& entry : *list) {
      if (!entry.is_string()) return wrong(entry, name, "a list of texts");
      out.push_back(entry.as_string()->get());
    }
    return out;
  }

  Status read_agency(const toml::table& table, Config& config) const {
    AgencySettings agency{.account = "default", .on_conflict = "ask", .time_zone = "Asia/Kolkata"};
    const Option<AgencySettings> options[] = {
        {"agency", "key", [](AgencySettings& a) -> Slot { return &a.key; }},
        {"agency", "name", [](AgencySettings& a) -> Slot { return &a.name; }},
        {"agency", "spreadsheet_id", [](AgencySettings& a) -> Slot { return &a.spreadsheet_id; }},
        {"agency", "account", [](AgencySettings& a) -> Slot { return &a.account; }},
        {"agency", "on_conflict", [](AgencySettings& a) -> Slot { return &a.on_conflict; }},
        {"agency", "auto_sync", [](AgencySettings& a) -> Slot { return &a.auto_sync; }},
        {"agency", "time_zone", [](AgencySettings& a) -> Slot { return &a.time_zone; }},
    };
    if (const Status ok = read_section(table, "agency", agency, options, {"emails", "date_order", "tabs"}); !ok)
      return ok;
    if (agency.key.empty()) return at(table.source(), "agency.key", "an agency needs a 'key'");
    if (agency.spreadsheet_id.empty())
      return at(table.source(), "agency.spreadsheet_id",
                fmt::format("agency '{}' needs a 'spreadsheet_id'", agency.key));
    const std::optional<std::string> id = spreadsheet_id_from(agency.spreadsheet_id);
    if (!id)
      return wrong(*table.get("spreadsheet_id"), "agency.spreadsheet_id",
                   "a spreadsheet's id, or its address like https://docs.google.com/spreadsheets/d/ID/edit");
    agency.spreadsheet_id = *id;
    if (agency.name.empty()) agency.name = agency.key;
    if (config.find_agency(agency.key))
      return wrong(*table.get("key"), "agency.key",
                   fmt::format("the key of one agency only ('{}' is there twice)", agency.key));
    for (const AgencySettings& other : config.agencies)
      if (other.spreadsheet_id == agency.spreadsheet_id)
        return wrong(*table.get("spreadsheet_id"), "agency.spreadsheet_id",
                     fmt::format("of one agency only; '{}' has it too", other.key));
    if (!one_of(agency.on_conflict, {"app", "sheet", "ask"}))
      return wrong(*table.get("on_conflict"), "agency.on_conflict", "\"app\", \"sheet\" or \"ask\"");
    if (!is_time_zone(agency.time_zone))
      return wrong(*table.get("time_zone"), "agency.time_zone", "a name like \"Asia/Kolkata\"");
    if (const toml::node* node = table.get("emails")) {
      auto list = texts(*node, "agency.emails");
      if (!list) return std::unexpected(list.error());
      agency.emails = std::move(*list);
    }
    if (const toml::node* node = table.get("date_order")) {
      const auto order = node->is_string() ? date_order_from(node->as_string()->get()) : std::nullopt;
      if (!order) return wrong(*node, "agency.date_order", "\"dmy\", \"mdy\" or \"ymd\"");
      agency.date_order = *order;
    }
    if (const toml::node* node = table.get("tabs")) {
      if (!node->is_table()) return wrong(*node, "agency.tabs", "written as [agency.tabs.KEY]");
      for (const auto& [key, tab] : in_file_order(*node->as_table())) {
        if (!tab->is_table()) return wrong(*tab, "agency.tabs", "written as [agency.tabs.KEY]");
        if (const Status ok = read_tab(*tab->as_table(), key->str(), agency); !ok) return ok;
      }
    }
    config.agencies.push_back(std::move(agency));
    return {};
  }

  Status read_tab(const toml::table& table, std::string_view key, AgencySettings& agency) const {
    const std::string section = fmt::format("agency.tabs.{}", key);
    TabLayout tab{.key = std::string(key), .keys = default_keys()};
    for (const auto& [name, node] : in_file_order(table)) {
      const std::string full = fmt::format("{}.{}", section, name->str());
      if (name->str() == "tab" || name->str() == "new_vertical") {
        std::string& text = name->str() == "tab" ? tab.title : tab.new_vertical;
        if (const Status ok = put(*node, full, &text, 0, 0); !ok) return ok;
      } else if (name->str() == "new_rows") {
        const auto rows = node->is_string() ? new_rows_from(node->as_string()->get()) : std::nullopt;
        if (!rows) return wrong(*node, full, "\"finder\", \"manager\" or \"leave\"");
        tab.new_rows = *rows;
      } else if (name->str() == "verticals") {
        auto list = texts(*node, full);
        if (!list) return std::unexpected(list.error());
        for (const std::string& vertical : *list) {
          if (!is_vertical(vertical))
            return at(node->source(), full,
                      fmt::format("unknown vertical '{}'{}", vertical, did_you_mean(vertical, verticals())));
          if (agency.tab_of(vertical)) return at(node->source(), full, fmt::format("'{}' is in two tabs", vertical));
        }
        tab.verticals = std::move(*list);
      } else if (name->str() == "keys") {
        auto keys = read_keys(*node, full);
        if (!keys) return std::unexpected(keys.error());
        tab.keys = std::move(*keys);
      } else if (name->str() == "columns") {
        if (!node->is_table()) return wrong(*node, full, "a table of field = \"HEADER\"");
        if (const Status ok = read_columns(*node->as_table(), full, tab); !ok) return ok;
      } else {
        return unknown(*name, full, {"tab", "verticals", "new_vertical", "new_rows", "keys", "columns"});
      }
    }
    if (tab.title.empty())
      return at(table.source(), section, fmt::format("'{}' needs 'tab', the title of the tab", section));
    if (tab.columns.empty()) return at(table.source(), section, fmt::format("'{}' needs 'columns'", section));
    if (tab.verticals.empty()) return at(table.source(), section, fmt::format("'{}' needs 'verticals'", section));
    if (tab.new_vertical.empty()) tab.new_vertical = tab.verticals.front();
    if (!tab.holds(tab.new_vertical))
      return wrong(*table.get("new_vertical"), section + ".new_vertical", "one of the tab's verticals");
    // Sheets takes titles that differ by case alone for one.
    for (const TabLayout& other : agency.tabs)
      if (fold_case(other.title) == fold_case(tab.title))
        return wrong(*table.get("tab"), section + ".tab", fmt::format("of one tab only; '{}' has it too", other.key));
    if (const toml::node* keys = table.get("keys"))
      if (const Status ok = check_keys(*keys, section + ".keys", tab); !ok) return ok;
    agency.tabs.push_back(std::move(tab));
    return {};
  }

  Result<std::vector<std::vector<FieldId>>> read_keys(const toml::node& node, const std::string& name) const {
    std::vector<std::vector<FieldId>> out;
    const toml::array* list = node.as_array();
    if (!list) return wrong(node, name, "a list of lists of fields");
    for (const toml::node& entry : *list) {
      const auto fields = texts(entry, name);
      if (!fields) return std::unexpected(fields.error());
      if (fields->empty()) return wrong(entry, name, "a list of lists of fields, none of them empty");
      std::vector<FieldId>& natural = out.emplace_back();
      for (const std::string& field : *fields) {
        const auto id = catalogue_.find(field);
        if (!id || FieldCatalogue::is_extra(*id)) {
          return at(entry.source(), name,
                    fmt::format("unknown field '{}'{}", field, did_you_mean(field, shipped_names())));
        }
        natural.push_back(*id);
      }
    }
    return out;
  }

  // A key that can never be filled would match nothing. Those that every tab has by default may be written out.
  Status check_keys(const toml::node& node, const std::string& name, const TabLayout& tab) const {
    const std::vector<std::vector<FieldId>> usual = default_keys();
    for (std::size_t i = 0; i < tab.keys.size(); ++i) {
      if (std::ranges::find(usual, tab.keys[i]) != usual.end()) continue;
      for (const FieldId field : tab.keys[i])
        if (std::ranges::none_of(tab.columns, [&](const ColumnMap& column) { return column.field == field; }))
          return at((*node.as_array())[i].source(), name,
                    fmt::format("the key names '{}', which the tab has no column for", catalogue_.name(field)));
    }
    return {};
  }

  std::vector<std::string> shipped_names() const {
    std::vector<std::string> names;
    for (FieldId id = 0; id < field::shipped_count; ++id) names.emplace_back(catalogue_.name(id));
    return names;
  }

  Status read_columns(const toml::table& table, const std::string& section, TabLayout& tab) const {
    std::set<std::string> headers{normalise_key(kIdHeader)};
    for (const auto& [key, node] : in_file_order(table)) {
      const std::string_view field = key->str();
      const std::string full = fmt::format("{}.{}", section, field);
      const bool plain = !field.empty() && field.size() <= 64 && std::all_of(field.begin(), field.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
      if (!plain)
        return at(key->source(), full, fmt::format("'{}' cannot be a field's name: a-z, 0-9 and _ alone", field));
      const bool is_owner = field == "owner";
      if (one_of(field, {"id", "version", "sync", "extra"}) || is_owner)
        return at(key->source(), full, fmt::format("'{}' is no field that can be mapped", field));
      ColumnMap column{.field = catalogue_.add_extra(field)};
      column.type = catalogue_.type(column.field);
      if (const toml::table* details = node->as_table()) {
        for (const auto& [part, value] : in_file_order(*details)) {
          if (part->str() == "header" && value->is_string()) {
            column.header = value->as_string()->get();
          } else if (part->str() == "as") {
            const auto type = value->is_string() ? field_type_from(value->as_string()->get()) : std::nullopt;
            if (!type) return wrong(*value, full + ".as", "\"text\", \"money\", \"date\", \"boolean\" or \"choice\"");
            column.type = *type;
          } else if (part->str() == "header") {
            return wrong(*value, full + ".header", "a text");
          } else {
            return unknown(*part, fmt::format("{}.{}", full, part->str()), {"header", "as"});
          }
        }
      } else if (node->is_string()) {
        column.header = node->as_string()->get();
      } else {
        return wrong(*node, full, "a header or { header = \"...\", as = \"...\" }");
      }
      if (trim(column.header).empty()) return wrong(*node, full, "a header that is not empty");
      if (!headers.insert(normalise_key(column.header)).second)
        return at(node->source(), full, fmt::format("the header '{}' is taken by another column", column.header));
      tab.columns.push_back(std::move(column));
    }
    return {};
  }

  std::string path_;
  FieldCatalogue& catalogue_;
};

Status put_text(const std::string& text, const std::string& name, Slot slot, std::int64_t least, std::int64_t most) {
  if (auto* out = std::get_if<std::string*>(&slot)) {
    **out = text;
  } else if (auto* number = std::get_if<std::int64_t*>(&slot)) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < least || value > most)
      return fail(Errc::invalid_input,
                  fmt::format("{} in the environment must be a whole number from {} to {}", name, least, most), name);
    **number = value;
  } else if (auto* list = std::get_if<std::vector<std::string>*>(&slot)) {
    (*list)->clear();
    for (std::string_view rest = text; !rest.empty();) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      (*list)->emplace_back(trim(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  } else {
    if (!one_of(text, {"true", "false", "1", "0"}))
      return fail(Errc::invalid_input, fmt::format("{} in the environment must be true or false", name), name);
    *std::get<bool*>(slot) = text == "true" || text == "1";
  }
  return {};
}

std::string environment_name(std::string_view section, std::string_view key) {
  std::string name = fmt::format("ROWLANE_{}_{}", section, key);
  for (char& c : name) c = c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

Status apply_environment(const Environment& environment, Config& config) {
  std::vector<std::string> known;
  const auto apply = [&](const auto& options, auto& owner) -> Status {
    for (const auto& option : options) {
      const std::string name = known.emplace_back(environment_name(option.section, option.key));
      const auto found = environment.find(name);
      if (found == environment.end()) continue;
      if (const Status ok = put_text(found->second, name, option.slot(owner), option.least, option.most); !ok)
        return ok;
    }
    return {};
  };
  if (const Status ok = apply(kServerOptions, config); !ok) return ok;
  if (const Status ok = apply(kAccountOptions, config.accounts.front()); !ok) return ok;
  for (const auto& [name, value] : environment) {
    const bool ours = name.starts_with("ROWLANE_SERVER_") || name.starts_with("ROWLANE_STORE_") ||
                      name.starts_with("ROWLANE_SHEETS_") || name.starts_with("ROWLANE_GOOGLE_");
    if (!ours || std::find(known.begin(), known.end(), name) != known.end()) continue;
    return fail(Errc::invalid_input,
                fmt::format("unknown key '{}' in the environment{}", name, did_you_mean(name, known)), name);
  }
  return {};
}

// "https://sync.example.org" or with a port; a slash at its end is taken off.
Status check_public_url(std::string& url) {
  if (url.ends_with('/')) url.pop_back();
  const std::size_t scheme = url.find("://");
  const std::string_view rest =
      scheme == std::string::npos ? std::string_view() : std::string_view(url).substr(scheme + 3);
  const bool is_web = url.starts_with("https://") || url.starts_with("http://");
  if (url.empty() || (is_web && !rest.empty() && rest.find_first_of("/?# @") == std::string_view::npos)) return {};
  return fail(Errc::invalid_input,
              fmt::format("server.public_url = \"{}\" must be like https://sync.example.org, without a path", url),
              "server.public_url");
}

Status check_listener(const Server& server) {
  if (server.tls_certificate.empty() != server.tls_key.empty())
    return fail(Errc::invalid_input, "server.tls_certificate and server.tls_key go together: set both or none",
                "server.tls_key");
  const auto listen = parse_listen(server.listen);
  if (!listen) return std::unexpected(listen.error());
  if (listen->is_loopback() || !server.tls_certificate.empty() || server.allow_plain_http) return {};
  return fail(Errc::invalid_input,
              fmt::format("server.listen = \"{}\" can be reached from other machines without TLS; set tls_certificate "
                          "and tls_key, or allow_plain_http = true behind a proxy that does TLS",
                          server.listen),
              "server.listen");
}

Status check_sheets(const Config& config) {
  if (!one_of(config.sheets_provider, {"google", "local"}))
    return fail(Errc::invalid_input, "sheets.provider must be \"google\" or \"local\"", "sheets.provider");
  if (config.store_url != "sqlite" && !config.store_url.starts_with("postgresql://"))
    return fail(Errc::invalid_input, "store.url must be \"sqlite\" or postgresql://...", "store.url");
  const bool local = config.sheets_provider == "local";
  for (const GoogleAccount& account : config.accounts)
    if (local && !account.credentials.empty())
      return fail(Errc::invalid_input,
                  "the local Sheets service never runs beside real credentials: remove google.credentials, "
                  "or set sheets.provider = \"google\"",
                  "google.credentials");
  for (const AgencySettings& agency : config.agencies) {
    const GoogleAccount* account = config.find_account(agency.account);
    if (!account)
      return fail(Errc::invalid_input,
                  fmt::format("agency '{}' names the account '{}', which is not there", agency.key, agency.account),
                  "agency.account");
    if (!local && account->credentials.empty())
      return fail(
          Errc::invalid_input,
          fmt::format(
              "sheets.provider is \"google\", and the account '{}' has no credentials: set google.credentials, or sheets.provider = \"local\"",
              account->name),
          "google.credentials");
  }
  if (!local && config.accounts.front().credentials.empty() && config.accounts.size() == 1)
    return fail(
        Errc::invalid_input,
        "sheets.provider is \"google\", and google.credentials is not set: set it, or sheets.provider = \"local\"",
        "google.credentials");
  return {};
}

Status check_credentials_files(const Config& config) {
  for (const GoogleAccount& account : config.accounts) {
    if (account.credentials.empty()) continue;
    struct stat info{};
    if (stat(account.credentials.c_str(), &info) != 0)
      return fail(Errc::invalid_input, fmt::format("the credentials file {} cannot be read", account.credentials),
                  "google.credentials");
    if (info.st_mode & (S_IRWXG | S_IRWXO))
      return fail(Errc::invalid_input,
                  fmt::format("the credentials file {} can be read by others; run chmod 600 {}", account.credentials,
                              account.credentials),
                  "google.credentials");
  }
  return {};
}

void resolve(const std::filesystem::path& folder, std::string& path) {
  if (!path.empty() && !std::filesystem::path(path).is_absolute()) path = (folder / path).lexically_normal().string();
}

}  // namespace

const GoogleAccount* Config::find_account(std::string_view name) const {
  for (const GoogleAccount& account : accounts)
    if (account.name == name) return &account;
  return nullptr;
}

const AgencySettings* Config::find_agency(std::string_view key) const {
  for (const AgencySettings& agency : agencies)
    if (agency.key == key) return &agency;
  return nullptr;
}

bool ListenAddress::is_loopback() const { return address.starts_with("127.") || address == "::1"; }

Result<ListenAddress> parse_listen(std::string_view text) {
  const auto wrong = [&] {
    return fail(Errc::invalid_input,
                fmt::format("server.listen = \"{}\" must be ADDRESS:PORT, like 127.0.0.1:5000 or [::1]:5000", text),
                "server.listen");
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return wrong();
  ListenAddress out{.address = std::string(text.substr(0, colon))};
  if (out.address.starts_with('[') && out.address.ends_with(']'))
    out.address = out.address.substr(1, out.address.size() - 2);
  else if (out.address.contains(':'))
    return wrong();
  if (out.address == "localhost") out.address = "127.0.0.1";
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || out.address.empty()) return wrong();
  return out;
}

Result<Config> parse_config(std::string_view text, const std::string& path, FieldCatalogue& catalogue,
                            const Environment& environment) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed)
    return fail(Errc::invalid_input,
                fmt::format("{}:{}: {}", path, parsed.error().source().begin.line, parsed.error().description()));
  Config config;
  if (const Status ok = Reader(path, catalogue).read(parsed.table(), config); !ok) return std::unexpected(ok.error());
  if (const Status ok = apply_environment(environment, config); !ok) return std::unexpected(ok.error());
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  resolve(folder, config.server.data_dir);
  resolve(folder, config.server.tls_certificate);
  resolve(folder, config.server.tls_key);
  for (GoogleAccount& account : config.accounts) resolve(folder, account.credentials);
  if (const Status ok = check_public_url(config.server.public_url); !ok) return std::unexpected(ok.error());
  if (const Status ok = check_listener(config.server); !ok) return std::unexpected(ok.error());
  if (const Status ok = check_sheets(config); !ok) return std::unexpected(ok.error());
  return config;
}

Result<Config> load_config(const std::string& path, FieldCatalogue& catalogue, const Environment& environment) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Errc::invalid_input, fmt::format("the configuration {} cannot be read", path));
  std::ostringstream text;
  text << file.rdbuf();
  auto config = parse_config(text.str(), path, catalogue, environment);
  if (!config) return config;
  if (const Status ok = check_credentials_files(*config); !ok) return std::unexpected(ok.error());
  return config;
}

Environment process_environment() {
  Environment out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text = *entry;
    const std::size_t equals = text.find('=');
    if (equals != std::string_view::npos) out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

bool email_fits(std::string_view email, const std::vector<std::string>& patterns) {
  const auto fits = [](auto&& self, std::string_view text, std::string_view pattern) -> bool {
    if (pattern.empty()) return text.empty();
    if (pattern.front() == '*') {
      for (std::size_t skip = 0; skip <= text.size(); ++skip)
        if (self(self, text.substr(skip), pattern.substr(1))) return true;
      return false;
    }
    return !text.empty() && text.front() == pattern.front() && self(self, text.substr(1), pattern.substr(1));
  };
  const std::string folded = fold_case(email);
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& p) { return fits(fits, folded, fold_case(p)); });
}

}  // namespace rowlane::config
