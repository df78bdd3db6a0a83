// The HTTP interface: its routes, who may use them, and their description at /openapi.json.
//
// Every handler reads parse, act, answer. All of it runs on one executor; the request lives in `run`'s frame for as
// long as its handler does. The API outlives the router.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "api/job_result.hpp"
#include "api/openapi.hpp"
#include "auth/auth.hpp"
#include "base/clock.hpp"
#include "base/worker_pool.hpp"
#include "domain/field_catalogue.hpp"
#include "domain/tab_layout.hpp"
#include "live/hub.hpp"
#include "net/router.hpp"
#include "records/record_json.hpp"
#include "store/store.hpp"

namespace rowlane::api {

inline constexpr std::string_view kImportPath = "/api/insurance/customers/import";
inline constexpr std::size_t kImportBytesMax = 10 * 1024 * 1024;

struct ApiOptions {
  int lane_jobs_max = 1000;
  // The spreadsheet's address for people, and the address to share it with; empty: none.
  std::function<std::string(const AgencySettings&)> spreadsheet_link, share_with;
  bool is_demo = false;                       // the dashboard offers its walk
  std::function<std::string()> more_metrics;  // appended to /metrics, in the same text format
};

class Api {
 public:
  // All outlive this object. `agencies` have their ids.
  Api(store::Store& store, auth::Auth& auth, const FieldCatalogue& catalogue,
      const std::vector<AgencySettings>& agencies, const Clock& clock, ApiOptions options);
  // Every route must have a description (openapi.cpp): one that has none ends the process.
  void add_routes(net::Router& router);
  // Told of every commit, and started on the executor that the routes run on.
  [[nodiscard]] live::Hub& events() { return events_; }

 private:
  enum class Access {
    caller,   // anybody who is signed in
    records,  // agents and managers
  };
  using Request = net::Request;
  using Caller = auth::Caller;
  using Answer = Task<net::Response>;
  using Handler = Answer (Api::*)(const Request&, const Caller&);
  using OpenHandler = Answer (Api::*)(const Request&);
  using Emails = std::map<std::int64_t, std::string>;
  // One thing that is done with the job of the path.
  using JobCall = Task<Result<store::Job>> (Api::*)(const Caller&, JobId);

  void add(net::Router& router, std::string method, std::string pattern, std::string name, Access access,
           Handler handler);
  void add_open(net::Router& router, std::string method, std::string pattern, std::string name, OpenHandler handler);
  Answer run(Request request, Access access, Handler handler);
  Answer run_open(Request request, OpenHandler handler);

  // Signing in, and the caller's agency (people.cpp)
  Answer login(const Request& request);
  Answer logout(const Request& request, const Caller& caller);
  Answer me(const Request& request, const Caller& caller);
  Answer password(const Request& request, const Caller& caller);
  Answer users(const Request& request, const Caller& caller);
  Answer config(const Request& request, const Caller& caller);

  // Records (customers.cpp)
  Answer list_customers(const Request& request, const Caller& caller);
  Answer customer_ids(const Request& request, const Caller& caller);
  Answer customer_totals(const Request& request, const Caller& caller);
  Answer undo_customers(const Request& request, const Caller& caller);
  // The filter and sort of a list; the refusal when a parameter is wrong.
  Task<std::expected<store::RecordQuery, net::Response>> record_query(const Request& request, const Caller& caller);
  Answer create_customer(const Request& request, const Caller& caller);
  Answer get_customer(const Request& request, const Caller& caller);
  Answer put_customer(const Request& request, const Caller& caller);
  Answer patch_customer(const Request& request, const Caller& caller);
  Answer delete_customer(const Request& request, const Caller& caller);
  Answer restore_customer(const Request& request, const Caller& caller);
  Answer patch_customers(const Request& request, const Caller& caller);
  Answer delete_customers(const Request& request, const Caller& caller);
  Answer import_customers(const Request& request, const Caller& caller);
  Answer export_customers(const Request& request, const Caller& caller);
  Answer write_customer(const Request& request, const Caller& caller, records::Completeness completeness);
  Answer answer_record(int status, Record record);
  struct Change {
    store::FieldPatch patch;
    std::vector<records::FieldProblem> problems;
  };
  // The fields and the owner that a body wants to set.
  Task<Result<Change>> read_change(const Caller& caller, const Json& body, records::Completeness completeness);

  // Who did what (history.cpp)
  Answer activity(const Request& request, const Caller& caller);
  Answer history(const Request& request, const Caller& caller);

  // Jobs (sync.cpp)
  Answer to_sheet(const Request& request, const Caller& caller);
  Answer sync_status(const Request& request, const Caller& caller);
  Answer sync_queue(const Request& request, const Caller& caller);
  Answer list_jobs(const Request& request, const Caller& caller);
  Answer get_job(const Request& request, const Caller& caller);
  Answer cancel_job(const Request& request, const Caller& caller);
  Answer confirm_job(const Request& request, const Caller& caller);
  Answer retry_job(const Request& request, const Caller& caller);
  Task<Result<std::string>> tab_named(const AgencySettings& own, std::string name);
  Answer accept_sync(const Request& request, const Caller& caller, Direction direction);
  Answer with_job(const Request& request, const Caller& caller, int status, JobCall call);
  Task<Result<store::Job>> find_job(const Caller& caller, JobId id);
  Task<Result<store::Job>> cancel(const Caller& caller, JobId id);
  Task<Result<store::Job>> confirm(const Caller& caller, JobId id);
  Task<Result<store::Job>> retry(const Caller& caller, JobId id);
  [[nodiscard]] Json job_json(const store::Job& job, AgencyId agency, RowLists lists) const;

  // What changes, as it does (events.cpp)
  Answer events(const Request& request, const Caller& caller);
  Task<Result<Json>> shown_record(Record record);

  // Operations (operations.cpp)
  Answer healthz(const Request& request);
  Answer readyz(const Request& request);
  Answer metrics(const Request& request);
  Answer openapi(const Request& request);

  [[nodiscard]] const AgencySettings* settings(AgencyId agency) const;
  [[nodiscard]] std::vector<FieldId> extras(AgencyId agency) const;  // the fields of its own that its tabs map
  // E-mails of the agency's users by id; read anew when `needed` is not among those known.
  Task<Result<Emails>> emails(AgencyId agency, std::vector<UserId> needed);
  // The user of that e-mail whose records the caller may change; nullopt otherwise.
  Task<Result<std::optional<UserId>>> owner_named(const Caller& caller, std::string email);

  store::Store& store_;
  auth::Auth& auth_;
  const FieldCatalogue& catalogue_;
  const std::vector<AgencySettings>& agencies_;
  const Clock& clock_;
  ApiOptions options_;
  const net::Router* router_ = nullptr;
  std::map<std::int64_t, Emails> emails_;  // by agency
  live::Hub events_;
  WorkerPool workers_;  // reads imported files
};

}  // namespace rowlane::api
