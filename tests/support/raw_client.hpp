// A blocking TCP client for tests: sends bytes as they are and reads what comes. Every wait ends after 20 s.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rowlane::testing {

class RawClient {
 public:
  explicit RawClient(std::uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void send(std::string_view bytes);
  void end_sending();
  // Up to and with the end of `marker`; shorter when the server closes or resets before.
  std::string read_until(std::string_view marker);
  // One answer: head and as many bytes as its Content-Length says (none after HEAD).
  std::string read_answer(bool has_body = true);
  std::string read_to_end();
  // True once the server has closed (or reset) the connection; reads away what is still coming.
  bool is_closed();
  [[nodiscard]] bool was_reset() const { return was_reset_; }

 private:
  bool fill();  // false at the end

  int socket_ = -1;
  bool was_reset_ = false;
  std::string received_;
};

// "HTTP/1.1 400 Bad Request" of an answer.
std::string status_line(std::string_view answer);
// The part behind the empty line.
std::string body_of(std::string_view answer);

}  // namespace rowlane::testing
