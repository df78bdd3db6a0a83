#include "live/hub.hpp"

#include "base/log.hpp"
#include "live/sse.hpp"

namespace rowlane::live {

struct Hub::Stream {
  Listener listener;
  std::shared_ptr<net::BodyStream> body = std::make_shared<net::BodyStream>();
  std::int64_t position = 0;  // everything up to here was written to it
  bool is_live = false;       // false while it still catches up by itself
  Millis quiet{0};            // since the last heartbeat
};

bool is_for(const Scope& scope, const store::Event& event) {
  return event.agency == scope.agency && (scope.whole_agency || event.user == scope.user);
}

Hub::Hub(store::EventStore& events, store::JobStore& jobs, Render render, std::size_t streams_max)
    : events_(events),
      jobs_(jobs),
      render_(std::move(render)),
      streams_max_(streams_max),
      self_(std::make_shared<Hub*>(this)) {}

Hub::~Hub() {
  *self_ = nullptr;
  for (const StreamPtr& stream : streams_) stream->body->end();
}

void Hub::start() {
  executor_ = Executor::current();
  tasks_ = std::make_unique<TaskGroup>(*executor_);
  tasks_->spawn(look_forever());
}

void Hub::wake() {
  if (open_.load() == 0 || is_woken_.exchange(true)) return;
  executor_->post([self = self_] {
    Hub* hub = *self;
    if (!hub) return;
    hub->is_woken_ = false;
    hub->tasks_->spawn(hub->deliver());
  });
}

int Hub::streams_of(UserId user) const {
  return static_cast<int>(std::count_if(streams_.begin(), streams_.end(),
                                        [&](const StreamPtr& stream) { return stream->listener.scope.user == user; }));
}

Task<Result<std::shared_ptr<net::BodyStream>>> Hub::open(Listener listener) {
  drop_closed();
  if (streams_of(listener.scope.user) >= kStreamsPerUser)
    co_return fail(Errc::too_many,
                   fmt::format("a user may have {} event streams open; close another window first", kStreamsPerUser));
  if (streams_.size() >= streams_max_)
    co_return fail(Errc::too_many, "the server has too many event streams open; try again later");
  const auto stream = std::make_shared<Stream>(Stream{.listener = std::move(listener)});
  streams_.push_back(stream);
  open_ = static_cast<int>(streams_.size());
  const std::shared_ptr<net::BodyStream> body = stream->body;

  const Result<store::EventRange> range = co_await events_.event_range();
  if (!range) {
    body->end();
    drop_closed();
    co_return std::unexpected(range.error());
  }
  if (!position_) position_ = range->newest;
  body->write(sse_retry(kRetryMs));
  const LastEventId last = read_last_event_id(stream->listener.last_event_id);
  const bool is_known = last.number && *last.number >= range->oldest - 1 && *last.number <= range->newest &&
                        range->newest - *last.number <= kResumeMax;
  stream->position = is_known ? *last.number : range->newest;
  body->write(last.is_given && !is_known ? sse_event(range->newest, "reset", "{}") : sse_position(stream->position));
  tasks_->spawn(resume(stream));
  co_return body;
}

// Tells a stream what it missed, and lets it join the others where they are.
Task<void> Hub::resume(StreamPtr stream) {
  while (stream->body->is_open() && stream->position < position_) {
    Result<store::EventPage> page =
        co_await events_.events_after({.after = stream->position, .scope = stream->listener.scope});
    if (!page) {
      log_warning("an event stream cannot resume: {}", page.error().message);
      stream->body->end();
      co_return;
    }
    const std::int64_t read_to = page->read_to;
    co_await tell({stream}, std::move(*page));
    stream->position = read_to;
  }
  stream->is_live = true;
}

Task<void> Hub::look_forever() {
  for (;;) {
    co_await sleep_for(kLookEvery);
    drop_closed();
    if (streams_.empty()) {
      position_.reset();  // the next stream says where to go on
      continue;
    }
    co_await deliver();
    co_await check_logins();
    for (const StreamPtr& stream : streams_) {
      stream->quiet += kLookEvery;
      if (stream->quiet < kHeartbeatEvery) continue;
      stream->quiet = Millis{0};
      const std::string sign = stream->listener.hears_heartbeats ? sse_heard_heartbeat() : sse_heartbeat();
      if (stream->body->has_room(sign.size())) stream->body->write(sign);  // else a reader has signs enough to take
    }
  }
}

// One reader of the table at a time; who comes meanwhile makes it read once more.
Task<void> Hub::deliver() {
  is_asked_again_ = true;
  if (is_delivering_ || !position_) co_return;
  is_delivering_ = true;
  // The position goes when the last stream closes, which may be during the pause.
  while (std::exchange(is_asked_again_, false) && position_) {
    co_await deliver_page();
    if (is_asked_again_) co_await sleep_for(kGatherTime);
  }
  is_delivering_ = false;
}

Task<void> Hub::deliver_page() {
  Result<store::EventPage> page = co_await events_.events_after({.after = *position_, .scope = std::nullopt});
  if (!page) {
    log_warning("events cannot be read: {}", page.error().message);
    co_return;
  }
  const std::int64_t read_to = page->read_to;
  is_asked_again_ = is_asked_again_ || (!page->events.empty() && page->events.back().id == read_to);
  std::vector<StreamPtr> live;
  for (const StreamPtr& stream : streams_)
    if (stream->is_live) live.push_back(stream);
  // Moved on before anything is awaited: a stream that joins from here on has to read up to here by itself.
  position_ = read_to;
  co_await tell(std::move(live), std::move(*page));
}

Task<Hub::Told> Hub::shown(const store::Event& event) {
  switch (event.kind) {
    case store::EventKind::job: {
      const Scope agency{.agency = event.agency, .user = event.user, .whole_agency = true};
      const Result<store::Job> job = co_await jobs_.job(agency, {event.subject});
      if (!job) co_return Told{};
      co_return Told{"job", render_.job(*job, event.agency).dump()};
    }
    case store::EventKind::customer: {
      if (!event.record) co_return Told{};
      // Gone for whom the event is for: deleted, or given to another user.
      const Json gone = Json::object({{"id", event.record->public_id}, {"deleted", true}});
      if (event.record->deleted_at) co_return Told{"customer", gone.dump()};
      const Result<Json> record = co_await render_.record(*event.record);
      if (!record) co_return Told{};
      co_return Told{"customer", record->dump()};
    }
    case store::EventKind::customers:
      co_return Told{"customers", Json::object({{"count", event.subject}}).dump()};
  }
  std::unreachable();
}

Task<void> Hub::tell(std::vector<StreamPtr> streams, store::EventPage page) {
  std::vector<const store::Event*> events;
  std::vector<Told> told;
  for (const store::Event& event : page.events) {
    const bool has_listener = std::any_of(
        streams.begin(), streams.end(), [&](const StreamPtr& stream) { return is_for(stream->listener.scope, event); });
    if (!has_listener) continue;
    Told one = co_await shown(event);
    if (one.data.empty()) continue;
    events.push_back(&event);
    told.push_back(std::move(one));
  }
  for (const StreamPtr& stream : streams) {
    std::vector<std::string> pieces = pieces_for(*stream, events, told, page.read_to);
    if (stream->is_live)
      send_live(stream, pieces, page.read_to);
    else
      co_await send_waiting(stream, std::move(pieces));
  }
}

std::vector<std::string> Hub::pieces_for(const Stream& stream, const std::vector<const store::Event*>& events,
                                         const std::vector<Told>& told, std::int64_t read_to) {
  const Scope& scope = stream.listener.scope;
  std::int64_t counted = 0;
  std::size_t singles = 0;
  for (const store::Event* event : events) {
    if (!is_for(scope, *event)) continue;
    if (event->kind == store::EventKind::customers) counted += event->subject;
    if (event->kind == store::EventKind::customer) ++singles;
  }
  if (counted > 0 || singles > kSingleMax) counted += static_cast<std::int64_t>(singles);
  const bool is_summed = counted > 0;

  std::vector<std::string> pieces;
  const auto add = [&pieces](std::string text) {
    if (pieces.empty() || pieces.back().size() + text.size() > kPieceBytes)
      pieces.push_back(std::move(text));
    else
      pieces.back() += text;
  };
  for (std::size_t i = 0; i < events.size(); ++i) {
    const store::Event& event = *events[i];
    if (!is_for(scope, event) || (is_summed && event.kind != store::EventKind::job)) continue;
    const bool is_given_away = event.kind == store::EventKind::customer && !scope.covers(event.record->owner);
    add(is_given_away
            ? sse_event(event.id, "customer", Json::object({{"id", event.record->public_id}, {"deleted", true}}).dump())
            : sse_event(event.id, told[i].name, told[i].data));
  }
  if (is_summed) add(sse_event(read_to, "customers", Json::object({{"count", counted}}).dump()));
  return pieces;
}

// A stream that falls behind in the middle is told the whole read again: each event says how things are, so twice does
// no harm, and a sum that stands for several events has no place in between to go on from.
void Hub::send_live(const StreamPtr& stream, const std::vector<std::string>& pieces, std::int64_t read_to) {
  for (const std::string& piece : pieces) {
    if (!stream->body->has_room(piece.size())) {
      stream->is_live = false;
      return tasks_->spawn(resume(stream));
    }
    stream->quiet = Millis{0};
    stream->body->write(piece);
  }
  stream->position = read_to;
}

Task<void> Hub::send_waiting(StreamPtr stream, std::vector<std::string> pieces) {
  for (const std::string& piece : pieces) {
    if (!stream->body->has_room(piece.size())) co_await stream->body->drained();
    stream->quiet = Millis{0};
    stream->body->write(piece);
  }
}

// Streams whose login ended, or whose user has other rights now, are closed.
Task<void> Hub::check_logins() {
  const std::vector<StreamPtr> asked(streams_.begin(), streams_.end());
  std::vector<store::Login> logins;
  for (const StreamPtr& stream : asked) logins.push_back(stream->listener.login);
  const auto users = co_await events_.users_of(std::move(logins));
  if (!users) co_return;  // the store is busy: asked again at the next look
  for (std::size_t i = 0; i < asked.size(); ++i) {
    const std::optional<store::User>& user = (*users)[i];
    if (!user || user->role != asked[i]->listener.role || user->agency != asked[i]->listener.scope.agency)
      asked[i]->body->end();
  }
  drop_closed();
}

// Also those whose answer never reached a connection: nobody else holds them then.
void Hub::drop_closed() {
  std::erase_if(streams_, [](const StreamPtr& stream) {
    if (stream->body.use_count() == 1) stream->body->end();
    return !stream->body->is_open();
  });
  open_ = static_cast<int>(streams_.size());
}

}  // namespace rowlane::live
