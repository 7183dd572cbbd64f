import { Switch } from "../../../components/switch";

type ShowHiddenProps = {
  /** How many names their definitions hide; none shows nothing. */
  count: number;
  isSelected: boolean;
  onChange: (isSelected: boolean) => void;
};

/** Brings back into a picker what the Data page hides from it. */
export function ShowHidden({ count, isSelected, onChange }: ShowHiddenProps) {
  if (count <= 0) return null;
  return (
    <Switch isSelected={isSelected} onChange={onChange}>
      {count === 1 ? "Show 1 hidden name" : `Show ${count} hidden names`}
    </Switch>
  );
}
