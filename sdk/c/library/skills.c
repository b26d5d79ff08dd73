// Other skills: skep:skill/skills.
#include <stdlib.h>

#include "host.h"

static skep_json *fault(skep_skill_skills_fault_t *given) {
  skep_json *made = skep_fail("%.*s: %.*s", (int)given->code.len, (const char *)given->code.ptr,
                              (int)given->message.len, (const char *)given->message.ptr);
  skep_skill_skills_fault_free(given);
  return made;
}

skep_json *skep_call(const char *skill, const char *tool, const skep_json *input) {
  skill_string_t callee = skep_lend(skill), name = skep_lend(tool ? tool : ""), text, answer;
  skep_skill_skills_fault_t failure;
  const char *why;
  text.ptr = (uint8_t *)skep_write(input, &text.len);
  bool worked = skep_skill_skills_call(&callee, tool ? &name : NULL, &text, &answer, &failure);
  free(text.ptr);
  if (!worked) return fault(&failure);
  skep_json *read = skep_read((const char *)answer.ptr, answer.len, &why);
  skill_string_free(&answer);
  return read ? read : skep_fail("the answer of %s: %s", skill, why);
}

static skep_json *text(const skill_string_t *given) { return skep_new_bytes(given->ptr, given->len); }

static skep_json *described(const skep_skill_skills_tool_info_t *tool) {
  skep_json *made = skep_new_object();
  skep_set(made, "name", text(&tool->name));
  skep_set(made, "description", text(&tool->description));
  skep_set(made, "input_schema", text(&tool->input_schema));
  skep_set(made, "output_schema", tool->output_schema.is_some ? text(&tool->output_schema.val) : NULL);
  return made;
}

static skep_json *introduced(const skep_skill_skills_skill_info_t *skill) {
  skep_json *made = skep_new_object(), *capabilities = skep_new_array(), *tools = skep_new_array();
  for (size_t i = 0; i < skill->capabilities.len; i++) skep_add(capabilities, text(&skill->capabilities.ptr[i]));
  for (size_t i = 0; i < skill->tools.len; i++) skep_add(tools, described(&skill->tools.ptr[i]));
  skep_set(made, "name", text(&skill->name));
  skep_set(made, "version", text(&skill->version));
  skep_set(made, "description", text(&skill->description));
  skep_set(made, "capabilities", capabilities);
  return skep_set(made, "tools", tools);
}

skep_json *skep_find(const char *capability) {
  skill_string_t word = skep_lend(capability);
  skep_skill_skills_list_skill_info_t found;
  skep_skill_skills_fault_t failure;
  if (!skep_skill_skills_find(&word, &found, &failure)) return fault(&failure);
  skep_json *skills = skep_new_array();
  for (size_t i = 0; i < found.len; i++) skep_add(skills, introduced(&found.ptr[i]));
  skep_skill_skills_list_skill_info_free(&found);
  return skills;
}
