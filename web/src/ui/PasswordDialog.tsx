import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { api, json, reasonOf, unwrap } from "../api/client";
import { Modal, ModalBody, ModalFoot } from "./Modal";

export default function PasswordDialog({ onClose }: { onClose: () => void }) {
  const [error, setError] = useState("");
  const save = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [password, newPassword] = [String(form.get("password")), String(form.get("new"))];
    if (newPassword !== form.get("again")) return setError("The two new passwords differ.");
    try {
      await unwrap(api.POST("/api/auth/password", { ...json, body: { password, newPassword } }));
      toast.success("Password changed", { description: "Your other sessions and access tokens have ended." });
      onClose();
    } catch (problem) {
      setError(reasonOf(problem));
    }
  };
  const field = (name: string, label: string, autoComplete: string) => (
    <label className="grid gap-1">{label}<input name={name} type="password" required autoComplete={autoComplete} className="field" /></label>
  );
  return (
    <Modal open onClose={onClose} title="Change password" description="It ends your other sessions and all access tokens.">
      <form onSubmit={(event) => void save(event)}>
        <ModalBody>
          <div className="grid gap-3">
            {field("password", "Present password", "current-password")}
            {field("new", "New password", "new-password")}
            {field("again", "New password, once more", "new-password")}
            {error && <p className="text-bad" role="alert">{error}</p>}
          </div>
        </ModalBody>
        <ModalFoot>
          <button type="button" className="btn" onClick={onClose}>Cancel</button>
          <button type="submit" className="btn btn-primary">Change</button>
        </ModalFoot>
      </form>
    </Modal>
  );
}
