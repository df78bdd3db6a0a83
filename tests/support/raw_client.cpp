#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <stdexcept>

namespace rowlane::testing {

RawClient::RawClient(std::uint16_t port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("cannot connect");
}

RawClient::~RawClient() { ::close(socket_); }

void RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0) return;  // the server has closed; reading will tell
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
}

void RawClient::end_sending() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::fill() {
  char buffer[16 * 1024];
  const ssize_t size = ::recv(socket_, buffer, sizeof buffer, 0);
  if (size > 0) {
    received_.append(buffer, static_cast<std::size_t>(size));
    return true;
  }
  if (size < 0 && errno == EAGAIN) throw std::runtime_error("the server neither answered nor closed");
  if (size < 0) was_reset_ = true;
  return false;
}

std::string RawClient::read_until(std::string_view marker) {
  std::size_t at = 0;
  while ((at = received_.find(marker)) == std::string::npos)
    if (!fill()) return std::exchange(received_, {});
  const std::string found = received_.substr(0, at + marker.size());
  received_.erase(0, found.size());
  return found;
}

std::string RawClient::read_answer(bool has_body) {
  std::string answer = read_until("\r\n\r\n");
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = answer.find(kLength);
  if (!has_body || at == std::string::npos) return answer;
  std::size_t length = 0;
  std::from_chars(answer.data() + at + kLength.size(), answer.data() + answer.size(), length);
  while (received_.size() < length && fill()) {
  }
  answer += received_.substr(0, length);
  received_.erase(0, length);
  return answer;
}

std::string RawClient::read_to_end() {
  while (fill()) {
  }
  return std::exchange(received_, {});
}

bool RawClient::is_closed() {
  read_to_end();
  return true;
}

std::string status_line(std::string_view answer) { return std::string(answer.substr(0, answer.find("\r\n"))); }

std::string body_of(std::string_view answer) {
  const std::size_t at = answer.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string() : std::string(answer.substr(at + 4));
}

}  // namespace rowlane::testing
