// A server with two agencies and one user of every kind, for the tests that go through all routes.
import { addUser, call, jobWhenDone, run, scratch, startServer, writeConfig } from "./support.mjs";

export const api = "/api/insurance";

export async function openOffice(t) {
  const folder = scratch(t);
  const config = writeConfig(folder);
  const server = await startServer(t, config);
  const users = {
    own: await addUser(config, "one", "own", "agent"),
    foreign: await addUser(config, "one", "foreign", "agent"),
    manager: await addUser(config, "one", "boss", "manager"),
    stranger: await addUser(config, "two", "boss", "manager"),
    admin: await addUser(config, "one", "admin", "admin"),
    disabled: await addUser(config, "one", "gone", "agent"),
  };
  const disabled = await run(["user", "disable", "--config", config, "--email", users.disabled.email]);
  if (disabled.code !== 0) throw new Error(disabled.stderr);
  const ask = (who, method, path, body, headers) => call(server.root, users[who]?.token ?? "", method, path, body, headers);
  const make = async (fields = {}) => {
    const made = await ask("own", "POST", `${api}/customers`, { name: "Asha", vertical: "motor", ...fields });
    if (made.status !== 201) throw new Error(made.text);
    return made.body;
  };
  // A job of the user `own` that has ended.
  const makeJob = async () => {
    const queued = await ask("own", "POST", `${api}/sync/to-sheet`, {});
    return jobWhenDone(server.root, users.own.token, queued.body.jobId);
  };
  return { folder, config, server, users, ask, make, makeJob };
}
