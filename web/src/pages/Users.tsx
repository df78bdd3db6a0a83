// The users of the agency. They are added and disabled by the commands of the server.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMe, usersQuery } from "../lib/session";
import { Badge, Failed, Loading, Page, TablePanel } from "../ui/parts";

const roles = { agent: "Agent: own records", manager: "Manager: all records", admin: "Admin: runs the server" };

export default function Users() {
  const me = useMe();
  const users = useQuery(usersQuery);
  return (
    <Page title="Users">
      {users.isPending && <Loading what="the users" />}
      {users.error && <Failed error={users.error} again={() => void users.refetch()} />}
      {users.data && (
        <TablePanel label="Users of the agency">
          <table className="table table-stack">
            <thead><tr><th scope="col">User</th><th scope="col">Role</th><th scope="col">State</th>{me.role === "manager" && <th scope="col">Records</th>}</tr></thead>
            <tbody>
              {users.data.map(({ id, email, name, role, disabled }) => (
                <tr key={id}>
                  <td className="sm:w-2/5" data-wide><span className="font-medium">{name ?? email}</span>{name && name !== email && <div className="text-muted">{email}</div>}</td>
                  <td>{roles[role]}</td>
                  <td>{disabled ? <Badge tone="plain">Disabled</Badge> : <Badge tone="good">Active</Badge>}</td>
                  {me.role === "manager" && <td>{role !== "admin" && <Link to="/customers" search={{ owner: email }} className="text-accent underline">Records<span className="sr-only"> of {email}</span></Link>}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        </TablePanel>
      )}
      <p className="text-muted">Whoever runs the server adds users with <code>rowlane user add</code> and disables them with <code>rowlane user disable</code>.</p>
    </Page>
  );
}
