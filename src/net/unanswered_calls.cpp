#include "net/unanswered_calls.hpp"

namespace rowlane::net {

namespace {
// One call's entry, until its answer begins or the call ends in whatever way.
class Entry {
 public:
  Entry(std::list<WallTime>& all, WallTime now) : all_(all), place_(all.insert(all.end(), now)) {}
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;
  ~Entry() { erase(); }
  void erase() {
    if (std::exchange(is_there_, false)) all_.erase(place_);
  }

 private:
  std::list<WallTime>& all_;
  std::list<WallTime>::iterator place_;
  bool is_there_ = true;
};
}  // namespace

Task<Result<HttpAnswer>> UnansweredCalls::send(HttpRequest request) {
  Entry entry(sent_at_, clock_.now());
  // Called on this executor, and not once the task is gone: the entry is there whenever it is.
  if (request.on_body)
    request.on_body = [&entry, reader = std::move(request.on_body)](std::string_view piece) mutable {
      entry.erase();
      return reader(piece);
    };
  co_return co_await inner_.send(std::move(request));
}

int UnansweredCalls::count(Millis age) const {
  const WallTime latest = clock_.now() - age;
  return static_cast<int>(
      std::count_if(sent_at_.begin(), sent_at_.end(), [&](WallTime sent) { return sent <= latest; }));
}

}  // namespace rowlane::net
