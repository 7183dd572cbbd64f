export { NewAlertPage as default } from "./alert-page";
