import { useEffect, useState, type SyntheticEvent } from "react";
import { Link, useNavigate } from "react-router";
import { ApiError } from "../../api/client";
import { useAcceptInvitation } from "../../api/members";
import { Button } from "../../components/button";
import { FormError } from "../../components/form-error";
import { LoafMark } from "../../components/icons";
import { Notice } from "../../components/notice";
import { NewPasswordFields } from "../../components/new-password-fields";
import { longEnough } from "../../components/password-policy";
import { usePageTitle } from "../../components/use-page-title";
import styles from "../session/session.module.css";

/** Where a one-time link leads: its holder chooses a password, and is signed in. */
export function InvitationPage() {
  usePageTitle("Choose a password");
  const navigate = useNavigate();
  const accept = useAcceptInvitation();
  // Kept here alone: the address would stay in the browser's history.
  const [token] = useState(() => window.location.hash.slice(1));
  const [password, setPassword] = useState("");
  const [again, setAgain] = useState("");
  const ready = longEnough(password) && password === again && !accept.isPending;

  useEffect(() => {
    if (window.location.hash !== "") window.history.replaceState(window.history.state, "", "/invitation");
  }, []);

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (!ready) return;
    accept.mutate({ token, password }, { onSuccess: () => void navigate("/explore", { replace: true }) });
  };
  const spent = token === "" || (accept.error instanceof ApiError && accept.error.code === "link_invalid");

  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <LoafMark className={styles.mark} />
        <h1 className={styles.title}>{spent ? "This link does not work" : "Welcome to DataLoaf"}</h1>
        {spent ? (
          <div className={styles.form}>
            <Notice title="It is unknown, has been used, or is too old.">
              A link works once, for 7 days. Ask an admin for a new one.
            </Notice>
            <Link to="/explore" className={styles.away}>
              Go to the sign-in
            </Link>
          </div>
        ) : (
          <>
            <p className={styles.words}>Choose the password with which you will sign in.</p>
            <form onSubmit={submit} className={styles.form}>
              {accept.isError && <FormError error={accept.error} />}
              <NewPasswordFields
                password={password}
                again={again}
                onPassword={setPassword}
                onAgain={setAgain}
                autoFocus
              />
              <Button type="submit" kind="primary" isDisabled={!ready}>
                {accept.isPending ? "Signing in…" : "Set the password and sign in"}
              </Button>
            </form>
          </>
        )}
      </div>
    </main>
  );
}
