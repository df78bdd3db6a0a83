#include "service_fixture.hpp"

namespace rowlane::sheets::local {

TEST_CASE("the grid page is served with links that hold below any mount, and nothing inline") {
  Service s;
  struct Case {
    std::string_view path, link;
  };
  const Case cases[] = {
      {"/d/book", "src=\"../_grid/grid.js\""},
      {"/d/book/edit", "src=\"../../_grid/grid.js\""},
      {"/spreadsheets/d/book", "src=\"../../_grid/grid.js\""},
      {"/spreadsheets/d/book/edit", "src=\"../../../_grid/grid.js\""},
  };
  for (const Case& c : cases) {
    CAPTURE(c.path);
    const Reply reply = s.call("GET", std::string(c.path));
    CHECK(reply.response.status == 200);
    CHECK(reply.response.body.contains(c.link));
    CHECK(!reply.response.body.contains("@UP@"));
    CHECK(!reply.response.body.contains(" style="));
    CHECK(!reply.response.body.contains("<script>"));
  }
  CHECK(s.call("GET", "/_grid/grid.js").response.content_type == "text/javascript; charset=utf-8");
  CHECK(s.call("GET", "/_grid/grid.css").response.status == 200);
  for (const std::string path : {"/d/", "/d/book/other", "/_grid/other.js", "/_grid/"}) {
    CAPTURE(path);
    CHECK(s.call("GET", path).response.status == 404);
  }
}

}  // namespace rowlane::sheets::local
