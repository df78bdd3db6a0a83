#include "net/request_head.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace rowlane::net {

namespace {

constexpr std::string_view kMethods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};
constexpr std::string_view kAllow = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

// tchar of RFC 9110.
constexpr std::array<bool, 256> kTokenChars = [] {
  std::array<bool, 256> is_token{};
  for (const char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    is_token[static_cast<unsigned char>(c)] = true;
  return is_token;
}();
bool is_token_char(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }
bool is_token(std::string_view text) { return !text.empty() && std::ranges::all_of(text, is_token_char); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
bool equals_nocase(std::string_view text, std::string_view lower_case) {
  return text.size() == lower_case.size() &&
         std::equal(text.begin(), text.end(), lower_case.begin(), [](char a, char b) { return lower(a) == b; });
}
std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::unexpected<Refusal> refuse(int status, std::string sentence, std::string_view allow = {}) {
  return std::unexpected(Refusal{status, std::move(sentence), std::string(allow)});
}

// Calls `each` with every trimmed, non-empty element of a comma-separated list.
template <class Each>
void for_each_element(std::string_view list, Each each) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trim(list.substr(0, comma));
    if (!element.empty()) each(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// "gzip;q=0" is a no.
bool allows_gzip(std::string_view accept_encoding) {
  bool allowed = false;
  for_each_element(accept_encoding, [&](std::string_view element) {
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    if (!equals_nocase(trim(element.substr(0, semicolon)), "gzip")) return;
    const std::string_view weight = trim(element.substr(std::min(semicolon + 1, element.size())));
    allowed = weight.empty() || weight.find_first_of("123456789") != std::string_view::npos;
  });
  return allowed;
}

using Outcome = std::expected<void, Refusal>;

Outcome parse_request_line(std::string_view line, RequestHead& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return refuse(400, "The request line is malformed.");
  const std::string_view method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);

  if (!is_token(method)) return refuse(400, "The method is malformed.");
  const bool version_shape = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' &&
                             version[5] >= '0' && version[5] <= '9' && version[7] >= '0' && version[7] <= '9';
  if (!version_shape) return refuse(400, "The HTTP version is malformed.");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(505, "Only HTTP/1.1 and HTTP/1.0 are served.");
  if (std::ranges::find(kMethods, method) == std::end(kMethods)) return refuse(405, "The method is not known.", kAllow);
  if (!target.starts_with('/')) return refuse(400, "The request target must start with '/'.");
  for (const char c : target)
    if (c <= ' ' || c > '~' || c == '#')
      return refuse(400, "The request target holds a character that must be encoded.");

  head.method = method;
  head.target = target;
  head.minor_version = version[7] - '0';
  return {};
}

Outcome parse_header_line(std::string_view line, RequestHead& head) {
  if (line.front() == ' ' || line.front() == '\t') return refuse(400, "A header line is folded.");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return refuse(400, "A header line is malformed.");
  const std::string_view value = trim(line.substr(colon + 1));
  for (const char c : value)
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == 0x7f)
      return refuse(400, "A header value holds a control character.");

  auto& [name, kept] = head.headers.emplace_back(std::string(line.substr(0, colon)), std::string(value));
  std::ranges::transform(name, name.begin(), lower);
  return {};
}

Outcome parse_content_length(std::string_view value, RequestHead& head) {
  if (head.content_length) return refuse(400, "Content-Length is there twice.");
  if (value.empty() || value.find_first_not_of("0123456789") != std::string_view::npos)
    return refuse(400, "Content-Length is not a whole number.");
  if (value.size() > 18) return refuse(413, "The body is too large.");
  std::uint64_t length = 0;
  for (const char c : value) length = length * 10 + static_cast<std::uint64_t>(c - '0');
  head.content_length = length;
  return {};
}

Outcome parse_transfer_encoding(std::string_view value, RequestHead& head) {
  if (head.chunked) return refuse(400, "Transfer-Encoding is there twice.");
  if (head.minor_version == 0) return refuse(400, "Transfer-Encoding is not defined for HTTP/1.0.");
  std::vector<std::string_view> codings;
  for_each_element(value, [&](std::string_view coding) { codings.push_back(coding); });
  const auto is_chunked = [](std::string_view coding) { return equals_nocase(coding, "chunked"); };
  if (codings.empty()) return refuse(400, "Transfer-Encoding is empty.");
  if (codings.size() == 1 && is_chunked(codings[0])) {
    head.chunked = true;
    return {};
  }
  // `chunked` anywhere but once at the end leaves the end of the body open: that is malformed, not merely unknown.
  const auto times = std::ranges::count_if(codings, is_chunked);
  if (times > 1 || (times == 1 && !is_chunked(codings.back())))
    return refuse(400, "Transfer-Encoding must end in a single 'chunked'.");
  return refuse(501, "The only transfer coding served is 'chunked'.");
}

bool is_host(std::string_view value) {
  if (value.empty()) return false;
  return std::ranges::all_of(value, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._~!$&'()*+;=:[]%").contains(c);
  });
}

// Fields that decide how the message is framed and whether the connection stays.
Outcome read_framing(RequestHead& head) {
  int hosts = 0;
  bool close = head.minor_version == 0;
  for (const auto& [name, value] : head.headers) {
    Outcome outcome;
    if (name == "host") {
      if (++hosts > 1) return refuse(400, "Host is there twice.");
      if (!is_host(value)) return refuse(400, "Host is malformed.");
    } else if (name == "content-length") {
      outcome = parse_content_length(value, head);
    } else if (name == "transfer-encoding") {
      outcome = parse_transfer_encoding(value, head);
    } else if (name == "expect") {
      if (!equals_nocase(value, "100-continue")) return refuse(417, "The only expectation served is '100-continue'.");
      head.expects_continue = head.minor_version > 0;
    } else if (name == "connection") {
      for_each_element(value, [&](std::string_view option) {
        if (equals_nocase(option, "close")) close = true;
        if (equals_nocase(option, "keep-alive") && head.minor_version == 0) close = false;
      });
    } else if (name == "accept-encoding") {
      head.accepts_gzip = allows_gzip(value);
    }
    if (!outcome) return outcome;
  }
  if (hosts == 0 && head.minor_version > 0) return refuse(400, "Host is missing.");
  if (head.chunked && head.content_length) return refuse(400, "Content-Length stands beside Transfer-Encoding.");
  head.keep_alive = !close;
  return {};
}

}  // namespace

HeadScan scan_head(std::string_view bytes, std::size_t& scanned, std::size_t bytes_max) {
  const auto refused = [](int status, std::string sentence) {
    return HeadScan{HeadScan::State::refused, 0, Refusal{status, std::move(sentence), {}}};
  };
  if (!bytes.empty() && !is_token_char(bytes.front())) return refused(400, "This is not an HTTP/1.1 request.");
  const std::size_t end = std::min(bytes.size(), bytes_max);
  while (scanned < end) {
    const void* found = std::memchr(bytes.data() + scanned, '\n', end - scanned);
    if (found == nullptr) {
      scanned = end;
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') return refused(400, "A line must end in CR LF.");
    if (at >= 3 && bytes[at - 2] == '\n') return HeadScan{HeadScan::State::whole, at + 1, {}};
    scanned = at + 1;
  }
  if (end < bytes_max) return {};
  const bool in_target = bytes.substr(0, end).find('\n') == std::string_view::npos;
  return in_target ? refused(414, "The request target is too long.") : refused(431, "The headers are too large.");
}

std::expected<RequestHead, Refusal> parse_head(std::string_view head_bytes) {
  RequestHead head;
  head.headers.reserve(12);
  bool is_first = true;
  std::string_view rest = head_bytes;
  while (!rest.empty()) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos) return refuse(400, "A line must end in CR LF.");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (line.empty()) break;
    if (line.find_first_of(std::string_view("\r\0", 2)) != std::string_view::npos)
      return refuse(400, "A line holds a control character.");
    const Outcome outcome = is_first ? parse_request_line(line, head) : parse_header_line(line, head);
    if (!outcome) return std::unexpected(outcome.error());
    is_first = false;
  }
  if (is_first) return refuse(400, "The request line is missing.");
  if (const Outcome outcome = read_framing(head); !outcome) return std::unexpected(outcome.error());
  return head;
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, std::min(target.find('?'), target.size()));
}

}  // namespace rowlane::net
