// Where a contract skill starts: the project's own module, whose tools declare themselves, and their export.

import "./globals";
import "skep-project";

export { tools } from "./export";
