import { useMembers } from "../../api/members";
import { useMay, useSession } from "../../api/session";
import { PageHead } from "../../components/page-head";
import page from "../../components/page.module.css";
import { usePageTitle } from "../../components/use-page-title";
import { DeletionsPanel } from "../deletions/deletions-panel";
import { MembersPanel } from "./members-panel";
import { PasswordPanel } from "./password-panel";
import { SnippetsPanel } from "./snippets-panel";
import { TokensPanel } from "./tokens-panel";

/** Who may do what, people and programs, and one's own password. */
export default function SettingsPage() {
  usePageTitle("Settings");
  const admin = useMay("admin");
  const email = useSession().data?.user.email;
  const first = useMembers(admin).data?.find((member) => member.first_admin);
  return (
    <main className={page.page}>
      <PageHead title="Settings" />
      {admin ? (
        <>
          <MembersPanel />
          <TokensPanel />
          <DeletionsPanel />
        </>
      ) : (
        <p className={page.note}>Members, tokens and deletions are for admins to see and change.</p>
      )}
      <SnippetsPanel />
      <PasswordPanel firstAdmin={first !== undefined && first.email === email} />
    </main>
  );
}
