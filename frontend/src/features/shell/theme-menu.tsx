import { Button, Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import button from "../../components/button.module.css";
import { classNames } from "../../components/class-names";
import field from "../../components/field.module.css";
import { CheckIcon, MoonIcon, SunIcon, SystemIcon } from "../../components/icons";
import { chooseTheme, useScheme, useTheme, type Theme } from "../../components/theme";

const THEMES: readonly { id: Theme; text: string; Icon: typeof SunIcon }[] = [
  { id: "system", text: "As the system", Icon: SystemIcon },
  { id: "light", text: "Light", Icon: SunIcon },
  { id: "dark", text: "Dark", Icon: MoonIcon },
];

/** Chooses between light and dark, or follows the system. */
export function ThemeMenu() {
  const theme = useTheme();
  const scheme = useScheme();
  return (
    <MenuTrigger>
      <Button className={classNames(button.button, button.icon)} aria-label="Theme">
        {scheme === "dark" ? <MoonIcon /> : <SunIcon />}
      </Button>
      <Popover className={field.popover} placement="bottom end" offset={6}>
        <Menu
          aria-label="Theme"
          className={field.list}
          selectionMode="single"
          disallowEmptySelection
          selectedKeys={[theme]}
          onAction={(key) => chooseTheme(key as Theme)}
        >
          {THEMES.map(({ id, text, Icon }) => (
            <MenuItem key={id} id={id} textValue={text} className={field.item}>
              {({ isSelected }) => (
                <>
                  <Icon />
                  <span className={field.text}>{text}</span>
                  {isSelected && <CheckIcon className={field.tick} />}
                </>
              )}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
