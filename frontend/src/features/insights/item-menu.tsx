import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import button from "../../components/button.module.css";
import { classNames } from "../../components/class-names";
import field from "../../components/field.module.css";
import { MoreIcon } from "../../components/icons";

type ItemMenuProps = {
  label: string;
  actions: readonly { id: string; text: string; onAction: () => void }[];
};

/** What else can be done with something. */
export function ItemMenu({ label, actions }: ItemMenuProps) {
  return (
    <MenuTrigger>
      <Button className={classNames(button.button, button.icon)} aria-label={label}>
        <MoreIcon />
      </Button>
      <Popover className={field.popover} placement="bottom end" offset={4}>
        <Menu aria-label={label} className={field.list}>
          {actions.map(({ id, text, onAction }) => (
            <MenuItem key={id} id={id} onAction={onAction} className={field.item}>
              {text}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
