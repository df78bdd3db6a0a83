// An HttpClient that answers what the test says, each time after a post, and keeps what was asked.
#pragma once

#include <functional>
#include <vector>

#include "net/http_client.hpp"

namespace rowlane::testing {

class ScriptedHttp final : public net::HttpClient {
 public:
  struct Sent {
    std::string method, url, body;
    std::vector<std::pair<std::string, std::string>> headers;
    [[nodiscard]] std::string header(std::string_view name) const {
      for (const auto& [key, value] : headers)
        if (key == name) return value;
      return {};
    }
  };
  using Answer = std::function<Result<net::HttpAnswer>(const Sent&)>;

  explicit ScriptedHttp(Answer answer) : answer_(std::move(answer)) {}

  Task<Result<net::HttpAnswer>> send(net::HttpRequest request) override {
    sent.push_back({request.method, request.url, request.body, request.headers});
    const std::size_t number = sent.size() - 1;
    co_await sleep_for(Millis{1});
    Result<net::HttpAnswer> answer = answer_(sent[number]);
    if (!answer || answer->status != 200 || !request.on_body) co_return answer;
    const std::string body = std::exchange(answer->body, {});
    for (std::size_t at = 0; at < body.size(); at += piece_bytes)
      if (!request.on_body(std::string_view(body).substr(at, piece_bytes)))
        co_return fail(Errc::unknown_outcome, "given up by its reader");
    co_return answer;
  }

  std::vector<Sent> sent;
  std::size_t piece_bytes = 7;

 private:
  Answer answer_;
};

class FixedClock final : public Clock {
 public:
  [[nodiscard]] WallTime now() const override { return time; }
  WallTime time = from_ms(1'800'000'000'000);
};

}  // namespace rowlane::testing
