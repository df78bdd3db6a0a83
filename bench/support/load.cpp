#include "support/load.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

#include "support/measure.hpp"

namespace rowlane::bench {

namespace {

// Length of the whole answer at the start of `bytes`; 0 while it is not there yet.
std::size_t answer_length(std::string_view bytes) {
  const std::size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = bytes.substr(0, head + 2).find(kLength);
  std::size_t body = 0;
  if (at != std::string_view::npos) std::from_chars(bytes.data() + at + kLength.size(), bytes.data() + head, body);
  const std::size_t whole = head + 4 + body;
  return bytes.size() >= whole ? whole : 0;
}

int status_of(std::string_view answer) {
  int status = 0;
  if (answer.size() > 12) std::from_chars(answer.data() + 9, answer.data() + 12, status);
  return status;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// Requests are short and the socket's buffer is empty, so they go out whole.
void send_whole(int socket, const std::string& request) {
  if (::send(socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    give_up("a request was not sent", std::strerror(errno));
}

}  // namespace

int connect_to(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (socket < 0 || ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up("cannot connect", std::strerror(errno));
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return socket;
}

std::string round_trip(int socket, const std::string& request) {
  send_whole(socket, request);
  std::string answer;
  char buffer[16 * 1024];
  while (answer_length(answer) == 0) {
    const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
    if (size <= 0) give_up("an answer was cut", answer);
    answer.append(buffer, static_cast<std::size_t>(size));
  }
  return answer;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (socket < 0 || ::bind(socket, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    give_up("no free port", std::strerror(errno));
  ::close(socket);
  return ntohs(address.sin_port);
}

void allow_descriptors(unsigned long count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = std::min<rlim_t>(std::max<rlim_t>(limit.rlim_cur, count), limit.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < count)
    give_up("too few descriptors", fmt::format("{} allowed, {} needed", limit.rlim_cur, count));
}

Load::Load(std::uint16_t port, int connections) : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (int i = 0; i < connections; ++i) {
    const int socket = connect_to(port);
    ::fcntl(socket, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(i);
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event);
    sockets_.push_back(socket);
  }
}

Load::~Load() {
  for (const int socket : sockets_) ::close(socket);
  ::close(epoll_);
}

LoadResult Load::run(double seconds, int status, const std::function<std::string(int)>& request_of) {
  struct Client {
    std::string request, partial;
    double sent = 0;
  };
  std::vector<Client> clients(sockets_.size());
  LoadResult result;
  const double start = now_seconds(), deadline = start + seconds;
  for (std::size_t i = 0; i < clients.size(); ++i) clients[i].request = request_of(static_cast<int>(i));
  for (std::size_t i = 0; i < clients.size(); ++i) {
    clients[i].sent = now_seconds();
    send_whole(sockets_[i], clients[i].request);
  }
  std::size_t under_way = clients.size();
  std::vector<epoll_event> events(512);
  char buffer[16 * 1024];
  while (under_way > 0) {
    const int count = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 20'000);
    if (count <= 0) give_up("no answer came", "20 s");
    for (int e = 0; e < count; ++e) {
      const std::size_t i = events[static_cast<std::size_t>(e)].data.u32;
      Client& client = clients[i];
      const ssize_t size = ::recv(sockets_[i], buffer, sizeof buffer, 0);
      if (size < 0 && errno == EAGAIN) continue;
      if (size <= 0) give_up("a connection was closed", size == 0 ? "by the server" : std::strerror(errno));
      std::string_view bytes(buffer, static_cast<std::size_t>(size));
      if (!client.partial.empty()) bytes = client.partial.append(bytes);
      if (answer_length(bytes) == 0) {
        if (client.partial.empty()) client.partial.assign(bytes);
        continue;
      }
      if (status_of(bytes) != status) give_up("an unexpected answer", bytes);
      client.partial.clear();
      const double now = now_seconds();
      result.latencies.push_back(now - client.sent);
      if (now < deadline) {
        ++result.answers;
        client.sent = now;
        send_whole(sockets_[i], client.request);
      } else {
        --under_way;
      }
    }
  }
  result.seconds = seconds;
  return result;
}

}  // namespace rowlane::bench
