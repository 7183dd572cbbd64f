import { useState, type SyntheticEvent } from "react";
import {
  useChangeMember,
  useInvite,
  useMembers,
  useNewLink,
  useRemoveMember,
  type Member,
  type MemberLink,
} from "../../api/members";
import { useSession, type Role } from "../../api/session";
import { Button } from "../../components/button";
import { ConfirmButton } from "../../components/confirm-button";
import { errorText } from "../../components/error-text";
import { FormError } from "../../components/form-error";
import { Notice } from "../../components/notice";
import page from "../../components/page.module.css";
import { SecretOnce } from "../../components/secret-once";
import { Select } from "../../components/select";
import { TextField } from "../../components/text-field";
import { formatInstant } from "../../format/dates";
import { userLocale } from "../../format/numbers";
import { userTimezone } from "../../format/timezones";
import { ROLES, roleText } from "./roles";
import styles from "./settings.module.css";

/** Who may sign in, and as what. */
export function MembersPanel() {
  const members = useMembers(true);
  const [link, setLink] = useState<MemberLink | null>(null);
  return (
    <section className={page.panel} aria-labelledby="members">
      <h2 id="members">Members</h2>
      <p className={page.note}>
        {ROLES.map(({ text, may }) => `${text}: ${may}`).join(". ")}. A member whom you invite chooses a
        password by a link that you hand to them.
      </p>
      <InviteForm onLink={setLink} />
      {link && (
        <SecretOnce
          key={link.link}
          title={
            link.member.state === "invited"
              ? `The link for ${link.member.email}`
              : `The link by which ${link.member.email} chooses a new password`
          }
          label={`Link for ${link.member.email}`}
          secret={link.link}
          onDone={() => setLink(null)}
        >
          It is shown this once. It works once, for 7 days: hand it to them alone.
        </SecretOnce>
      )}
      {members.data ? (
        <ul aria-label="Members">
          {members.data.map((member) => (
            <MemberRow key={member.id} member={member} onLink={setLink} />
          ))}
        </ul>
      ) : members.isError ? (
        <Notice
          kind="bad"
          title={errorText(members.error).title}
          actions={<Button onPress={() => void members.refetch()}>Try again</Button>}
        >
          {errorText(members.error).advice}
        </Notice>
      ) : (
        <div className={page.waiting} aria-busy="true" />
      )}
    </section>
  );
}

function InviteForm({ onLink }: { onLink: (link: MemberLink) => void }) {
  const invite = useInvite();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("viewer");

  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    if (email.trim() === "" || invite.isPending) return;
    invite.mutate(
      { email, role },
      {
        onSuccess: (link) => {
          onLink(link);
          setEmail("");
        },
      },
    );
  };

  return (
    <form onSubmit={submit} className={page.form} aria-label="Invite a member">
      <div className={page.line}>
        <div className={page.wide}>
          <TextField
            label="Email"
            labelShown
            type="email"
            autoComplete="off"
            value={email}
            onChange={setEmail}
          />
        </div>
        <div className={page.narrow}>
          <Select label="Role" labelShown value={role} onChange={setRole} options={ROLES} />
        </div>
        <Button type="submit" kind="primary" isDisabled={email.trim() === "" || invite.isPending}>
          Invite
        </Button>
      </div>
      {invite.isError && <FormError error={invite.error} />}
    </form>
  );
}

function MemberRow({ member, onLink }: { member: Member; onLink: (link: MemberLink) => void }) {
  const change = useChangeMember();
  const remove = useRemoveMember();
  const newLink = useNewLink();
  const own = useSession().data?.user.email === member.email;
  const { id, email, role, state } = member;
  const error = change.error ?? remove.error ?? newLink.error;
  return (
    <li className={styles.row}>
      <div className={styles.who}>
        <span className={styles.name}>{email}</span>
        <span className={page.note}>{about(member, own)}</span>
      </div>
      <div className={styles.role}>
        {member.first_admin || own ? (
          <span>{roleText(role)}</span>
        ) : (
          <Select
            label={`Role of ${email}`}
            value={role}
            onChange={(to) => {
              if (to !== role) change.mutate({ id, role: to });
            }}
            options={ROLES}
          />
        )}
      </div>
      <div className={styles.actions}>
        {!member.first_admin && (
          <>
            {state !== "disabled" && (
              <Button
                kind="quiet"
                small
                aria-label={`${state === "invited" ? "New link" : "Reset password"} for ${email}`}
                isDisabled={newLink.isPending}
                onPress={() => newLink.mutate(id, { onSuccess: onLink })}
              >
                {state === "invited" ? "New link" : "Reset password"}
              </Button>
            )}
            {!own && (
              <>
                <Button
                  kind="quiet"
                  small
                  aria-label={`${state === "disabled" ? "Enable" : "Disable"} ${email}`}
                  isDisabled={change.isPending}
                  onPress={() => change.mutate({ id, state: state === "disabled" ? "active" : "disabled" })}
                >
                  {state === "disabled" ? "Enable" : "Disable"}
                </Button>
                <ConfirmButton
                  verb="Remove"
                  label={`Remove ${email}`}
                  question={`Remove ${email}?`}
                  onConfirm={() => remove.mutate(id)}
                >
                  Their sessions end at once. What they saved stays.
                </ConfirmButton>
              </>
            )}
          </>
        )}
      </div>
      {error && (
        <div className={styles.whole}>
          <FormError error={error} />
        </div>
      )}
    </li>
  );
}

/** How far a member is, in words. */
function about(member: Member, own: boolean): string {
  const words: string[] = [];
  if (own) words.push("You");
  if (member.first_admin) words.push("First admin, from the server’s configuration");
  if (member.state === "disabled") words.push("Disabled");
  const until = member.link_expires_at;
  if (until !== null) {
    const what =
      member.state === "invited" ? "Invited; the link expires" : "Has a link to choose a new password until";
    words.push(`${what} ${formatInstant(new Date(until), userTimezone(), userLocale())}`);
  } else if (member.state === "invited") {
    words.push("Invited, without a link");
  }
  return words.join(" · ");
}
