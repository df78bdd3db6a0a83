// An HttpClient that knows which of its calls nobody has answered yet.
//
// All on one executor. The client behind it and the clock outlive it, and it outlives its tasks.
#pragma once

#include <list>

#include "base/clock.hpp"
#include "net/http_client.hpp"

namespace rowlane::net {

class UnansweredCalls final : public HttpClient {
 public:
  UnansweredCalls(HttpClient& inner, const Clock& clock) : inner_(inner), clock_(clock) {}

  Task<Result<HttpAnswer>> send(HttpRequest request) override;
  // Calls that were sent at least `age` ago, and of whose answer's body nothing has come.
  [[nodiscard]] int count(Millis age) const;

 private:
  HttpClient& inner_;
  const Clock& clock_;
  std::list<WallTime> sent_at_;
};

}  // namespace rowlane::net
