// The parts of a running server, for the files of this folder.
#pragma once

#include <optional>

#include "api/api.hpp"
#include "app/server.hpp"
#include "app/sheet_clients.hpp"
#include "app/store_access.hpp"
#include "app/wait_for.hpp"
#include "lanes/driver.hpp"
#include "net/curl_client.hpp"
#include "net/listener.hpp"
#include "net/unanswered_calls.hpp"
#include "sheets/google/google_sheets.hpp"
#include "sheets/local/local_sheets.hpp"
#include "sheets/local/local_transport.hpp"
#include "store/sqlite/sqlite_store.hpp"
#include "sync/pass.hpp"

namespace rowlane::app {

struct Server::Impl {
  config::Config config;
  FieldCatalogue& catalogue;
  SystemClock clock;
  SystemRandom random;
  bool is_demo = false;
  std::optional<DataDirLock> lock;  // goes last
  net::IoThread web, engine, leases;
  std::unique_ptr<store::ThreadedRunner> runner;
  std::unique_ptr<store::SqliteStore> store;
  std::unique_ptr<sheets::local::LocalSheets> local;  // provider "local": used on `engine` alone
  std::unique_ptr<net::HttpClient> http;
  std::unique_ptr<net::UnansweredCalls> calls;  // on top of `http`: what the clients use
  SheetClients clients;                         // by account
  std::unique_ptr<sync::SyncPassRunner> passes;
  std::unique_ptr<lanes::Driver> driver;
  std::unique_ptr<auth::PasswordPool> passwords;
  std::unique_ptr<auth::Auth> auth;
  std::unique_ptr<api::Api> api;
  net::Router router;
  std::unique_ptr<net::Listener> listener;
  TaskGroup housekeeping{engine};

  Impl(config::Config c, FieldCatalogue& f, bool demo) : config(std::move(c)), catalogue(f), is_demo(demo) {}
  ~Impl();
  Status open();
  Status open_sheets();
  // Spreadsheets that the local service does not have yet are made, empty, under their configured ids.
  Status make_missing_books();
  // Deletes what is kept no longer, at start and every hour.
  Task<void> keep_house();
  Task<net::Response> handle(net::Request request);
  Task<net::Response> handle_local_sheets(net::Request request);
  // Before a large body is read.
  Task<std::optional<net::Response>> refuse_unknown_caller(net::Request request);
};

}  // namespace rowlane::app
