// The interface skep:skill/tools: what the host calls.
#include <stdlib.h>
#include <string.h>

#include "skep.h"
#include "skill.h"
#include "utf8.h"

static skep_json *error(bool invalid, const char *format, va_list parts) {
  skep_json *made = skep_new_text(skep_utf8(skep_vformat(format, parts)));
  made->kind = SKEP_ERROR;
  made->truth = invalid;
  return made;
}

skep_json *skep_fail(const char *format, ...) {
  va_list parts;
  va_start(parts, format);
  skep_json *made = error(false, format, parts);
  va_end(parts);
  return made;
}

skep_json *skep_invalid(const char *format, ...) {
  va_list parts;
  va_start(parts, format);
  skep_json *made = error(true, format, parts);
  va_end(parts);
  return made;
}

const char *skep_error(const skep_json *value) { return skep_kind_of(value) == SKEP_ERROR ? value->text : NULL; }

void exports_skep_skill_tools_list_tools(exports_skep_skill_tools_list_tool_t *list) {
  size_t count = 0;
  while (skep_tools[count].name) count++;
  list->len = count;
  list->ptr = calloc(count, sizeof *list->ptr);
  for (size_t i = 0; i < count; i++) {
    const skep_tool *tool = &skep_tools[i];
    skill_string_dup(&list->ptr[i].name, tool->name);
    skill_string_dup(&list->ptr[i].description, tool->description);
    skill_string_dup(&list->ptr[i].input_schema, tool->input);
    list->ptr[i].output_schema.is_some = tool->output != NULL;
    if (tool->output) skill_string_dup(&list->ptr[i].output_schema.val, tool->output);
  }
}

static const skep_tool *find(const skill_string_t *name) {
  for (const skep_tool *tool = skep_tools; tool->name; tool++) {
    if (strlen(tool->name) == name->len && !memcmp(tool->name, name->ptr, name->len)) return tool;
  }
  return NULL;
}

static skep_json *run(const skill_string_t *name, const skill_string_t *input) {
  const skep_tool *tool = find(name);
  if (!tool) return skep_invalid("there is no tool `%.*s`", (int)name->len, (const char *)name->ptr);
  const char *why;
  skep_json *read = skep_read((const char *)input->ptr, input->len, &why);
  return read ? tool->run(read) : skep_invalid("%s", why);
}

// The host's texts were given to us, and ours are given to it: it frees them once it has read them.
bool exports_skep_skill_tools_call_tool(skill_string_t *name, skill_string_t *input, skill_string_t *output,
                                        exports_skep_skill_tools_error_t *failure) {
  skep_free_all();
  skep_json *answer = run(name, input);
  skill_string_free(name);
  skill_string_free(input);
  const char *message = skep_error(answer);
  if (!message) {
    output->ptr = (uint8_t *)skep_write(answer, &output->len);
    return true;
  }
  failure->tag = answer->truth ? EXPORTS_SKEP_SKILL_TOOLS_ERROR_INVALID_INPUT : EXPORTS_SKEP_SKILL_TOOLS_ERROR_FAILED;
  skill_string_dup(&failure->val.failed, message);
  return false;
}
