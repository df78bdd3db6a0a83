#include "records/transfer.hpp"

#include "base/text.hpp"
#include "records/csv.hpp"

namespace rowlane::records {

std::vector<FieldId> own_fields(const AgencySettings& agency) {
  std::vector<FieldId> out;
  for (const TabLayout& tab : agency.tabs)
    for (const ColumnMap& column : tab.columns)
      if (FieldCatalogue::is_extra(column.field) && std::find(out.begin(), out.end(), column.field) == out.end())
        out.push_back(column.field);
  return out;
}

Task<Result<Imported>> import_csv(store::Store& store, WorkerPool& workers, Scope scope,
                                  const FieldCatalogue& catalogue, std::vector<FieldId> own, std::string text,
                                  store::ImportOptions options) {
  const auto people = co_await store.users(scope.agency);
  if (!people) co_return std::unexpected(people.error());
  // Copies, as the work may outlive a request whose client has gone.
  std::map<std::string, UserId, std::less<>> owners;
  for (const store::User& user : *people)
    if (user.role != store::Role::admin && scope.covers(user.id)) owners.emplace(fold_case(user.email), user.id);
  ImportInput input = co_await workers.run<ImportInput>(
      [text = std::move(text), own = std::move(own), owners = std::move(owners), &catalogue] {
        return read_import(text, catalogue, own, [&](std::string_view email) -> std::optional<UserId> {
          const auto found = owners.find(fold_case(email));
          return found == owners.end() ? std::nullopt : std::optional(found->second);
        });
      });
  Imported out;
  out.refused = input.header_is_bad || (!input.errors.empty() && !options.skip_bad);
  // Lines that can be read are tried in any case, so that one answer lists every fault of the file.
  if (!input.header_is_bad) {
    options.dry_run = options.dry_run || out.refused;
    auto report = co_await store.import_records(scope, std::move(input.lines), options);
    if (!report) co_return std::unexpected(report.error());
    out.report = std::move(*report);
    out.refused = out.refused || (!out.report.errors.empty() && !options.skip_bad);
  }
  auto& errors = out.report.errors;
  errors.insert(errors.end(), input.errors.begin(), input.errors.end());
  std::sort(errors.begin(), errors.end(),
            [](const auto& a, const auto& b) { return std::tie(a.line, a.field) < std::tie(b.line, b.field); });
  co_return out;
}

Task<Result<std::string>> export_csv(store::Store& store, Scope scope, const FieldCatalogue& catalogue,
                                     std::vector<FieldId> own) {
  const auto people = co_await store.users(scope.agency);
  if (!people) co_return std::unexpected(people.error());
  // Shared with the database thread, which may outlive a request whose client has gone.
  struct Out {
    std::string text;
    std::map<UserId, std::string> emails;
    std::vector<FieldId> own;
  };
  const auto out = std::make_shared<Out>(Out{.text = {}, .emails = {}, .own = std::move(own)});
  for (const store::User& user : *people) out->emails[user.id] = user.email;
  append_export_header(out->text, catalogue, out->own);
  const Status done = co_await store.for_each_record(scope, [out](const Record& record) {
    append_export_record(out->text, out->own, record, out->emails[record.owner]);
  });
  if (!done) co_return std::unexpected(done.error());
  co_return std::move(out->text);
}

}  // namespace rowlane::records
