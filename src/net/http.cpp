#include "net/http.hpp"

#include <fmt/format.h>

#include <ctime>

namespace rowlane::net {

bool BodyStream::write(std::string_view piece) {
  if (!is_open_) return false;
  if (!has_room(piece.size())) {
    end();
    return false;
  }
  pending_ += piece;
  if (change_) change_();
  return is_open_;
}

void BodyStream::end() {
  if (!std::exchange(is_open_, false)) return;
  tell_drained();
  if (change_) change_();
}

std::string BodyStream::take() {
  tell_drained();
  return std::exchange(pending_, {});
}

void BodyStream::tell_drained() {
  if (drained_) (*std::exchange(drained_, std::nullopt))(std::monostate{});
}

Task<void> BodyStream::drained() {
  while (is_open_ && !pending_.empty())
    co_await suspend_for<std::monostate>([this](Resolver<std::monostate> done) { drained_ = std::move(done); });
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

bool Request::has_header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return true;
  return false;
}

const std::string* Request::query_value(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return &value;
  return nullptr;
}

namespace {
int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}
}  // namespace

std::string percent_decode(std::string_view text) { return decode(text, false); }

std::string percent_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain)
      out += c;
    else
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  const std::string whole(text);
  for (const char* form : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    std::tm parts{};
    const char* end = ::strptime(whole.c_str(), form, &parts);
    if (end != nullptr && *end == '\0') return from_ms(static_cast<std::int64_t>(::timegm(&parts)) * 1000);
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> parse_query(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos)
      out.emplace_back(decode(part, true), std::string());
    else
      out.emplace_back(decode(part.substr(0, equals), true), decode(part.substr(equals + 1), true));
  }
  return out;
}

}  // namespace rowlane::net
