#include "sheets/local/local_transport.hpp"

#include <algorithm>

namespace rowlane::sheets::local {

LocalTransport::LocalTransport(LocalSheets& service, bool trusted, std::string address)
    : service_(service), trusted_(trusted), address_(std::move(address)) {}

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// The service's answer, and whether it came within the time: the call goes on by itself when nobody waits any
// more.
Task<void> deliver(LocalSheets* service, net::Request request, CallContext context,
                   std::shared_ptr<std::optional<Resolver<std::optional<Reply>>>> done) {
  Reply reply = co_await service->call(std::move(request), context);
  if (auto resolver = std::exchange(*done, std::nullopt)) (*resolver)(std::optional<Reply>(std::move(reply)));
}

}  // namespace

Task<Result<net::HttpAnswer>> LocalTransport::send(net::HttpRequest request) {
  if (!request.url.starts_with(address_ + "/"))
    co_return fail(Errc::unavailable, "the local Sheets service has no such address");
  net::Request inner{.method = request.method,
                     .target = request.url.substr(address_.size()),
                     .body = std::move(request.body),
                     .peer_address = "127.0.0.1"};
  const std::size_t question = inner.target.find('?');
  inner.path = net::percent_decode(std::string_view(inner.target).substr(0, question));
  if (question != std::string::npos)
    inner.query = net::parse_query(std::string_view(inner.target).substr(question + 1));
  for (const auto& [name, value] : request.headers) inner.headers.emplace_back(lower(name), value);

  const CallContext context{.trusted = trusted_};
  Executor& executor = *Executor::current();
  if (!calls_) calls_.emplace(executor);
  std::optional<Reply> reply = co_await suspend_for<std::optional<Reply>>([&](Resolver<std::optional<Reply>> resolver) {
    auto done = std::make_shared<std::optional<Resolver<std::optional<Reply>>>>(std::move(resolver));
    calls_->spawn(deliver(&service_, std::move(inner), context, done));
    // Behind the call's first step: a call that did not have to wait needs no timer.
    executor.post([done, &executor, timeout = request.timeout] {
      if (!*done) return;
      executor.post_after(timeout, [done] {
        if (auto late = std::exchange(*done, std::nullopt)) (*late)(std::nullopt);
      });
    });
  });
  if (!reply) co_return fail(Errc::unknown_outcome, "the local Sheets service did not answer in time");
  if (reply->refused) co_return fail(Errc::unavailable, "the connection was refused");
  net::Response& response = reply->response;
  std::string_view body = response.body;
  if (reply->broken)
    body = body.substr(0, static_cast<std::size_t>(std::max<std::int64_t>(response.cut_after_bytes, 0)));
  const bool too_long = body.size() > request.answer_bytes_max;
  if (too_long) body = body.substr(0, request.answer_bytes_max);
  if (request.on_body && response.status == 200) {
    for (std::size_t at = 0; at < body.size(); at += kPieceBytes)
      if (!request.on_body(body.substr(at, kPieceBytes)))
        co_return fail(Errc::unknown_outcome, "the answer was given up");
  }
  if (reply->broken) co_return fail(Errc::unknown_outcome, "the connection broke before a whole answer came");
  if (too_long) co_return fail(Errc::unknown_outcome, "the answer is too long");
  net::HttpAnswer answer{.status = response.status};
  answer.headers.emplace_back("content-type", response.content_type);
  for (const auto& [name, value] : response.headers) answer.headers.emplace_back(lower(name), value);
  if (!request.on_body || response.status != 200) answer.body = std::move(response.body);
  co_return answer;
}

}  // namespace rowlane::sheets::local
