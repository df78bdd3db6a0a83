// The whole server, wired together: the only place that picks real implementations.
//
// Two loops: one answers HTTP, the other runs lanes, passes and the embedded Sheets service, so that a large pass
// never delays an answer. SQLite has threads of its own, passwords two.
#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"
#include "config/config.hpp"
#include "domain/field_catalogue.hpp"

namespace rowlane::app {

enum class Purpose { work, demo };

class Server {
 public:
  // Opens the data directory (locked: a second server on it is refused), migrates, upserts the agencies.
  static Result<std::unique_ptr<Server>> open(config::Config config, FieldCatalogue& catalogue, Purpose purpose);
  ~Server();
  // Binds and starts the lanes. The bound port.
  Result<std::uint16_t> start();
  // Stops accepting, lets running passes and requests end within 20 s; what is left is handed back by the next start.
  void stop();
  // Before `start`: the embedded Sheets service fails now and then from now on.
  void let_sheets_misbehave();

  struct Impl;
  [[nodiscard]] Impl& impl() { return *impl_; }

 private:
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rowlane::app
