// What the JSON reader and writer do: rows of text, and what comes out.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../library/utf8.h"

static int failures;

static void check(const char *text, const char *wanted) {
  const char *why = NULL;
  size_t length;
  skep_json *value = skep_read(text, strlen(text), &why);
  char *written = value ? skep_write(value, &length) : NULL;
  const char *found = value ? written : why;
  if (value ? strcmp(found, wanted) != 0 : strstr(found, wanted) == NULL) {
    printf("%s\n   got %s\n  want %s\n", text, found, wanted);
    failures++;
  }
  free(written);
  skep_free_all();
}

static void expect(bool holds, const char *what) {
  if (holds) return;
  printf("not so: %s\n", what);
  failures++;
}

static void read_and_write(void) {
  check(" { \"a\" : [ 1 , -0.5e+3 , true , false , null ] , \"b\" : {} } ", "{\"a\":[1,-0.5e+3,true,false,null],\"b\":{}}");
  check("18446744073709551615", "18446744073709551615");
  check("\"\\u00e9\\ud83d\\ude00\\n\\\"\\\\\\/\\u0000\"", "\"\xC3\xA9\xF0\x9F\x98\x80\\n\\\"\\\\/\\u0000\"");
  check("[]", "[]");
  check("", "a value is missing");
  check("01", "more behind the value");
  check("1.", "digits are missing behind the point");
  check("1e", "exponent");
  check("[1,]", "a value is missing");
  check("[1 2]", "a comma");
  check("{\"a\" 1}", "a colon");
  check("{a:1}", "the name of a member");
  check("tru", "an unknown word");
  check("\"a", "no end");
  check("\"\\x\"", "escape");
  check("\"\\ud83d\"", "surrogate");
  check("\"\\ude00\"", "surrogate");
  check("\"\\u12g4\"", "hexadecimal");
  check("\"a\tb\"", "control character");
  check("\"\xC3\"", "no UTF-8");
  check("\"\xED\xA0\x80\"", "no UTF-8");
  check("\"\\", "escape");
}

static void depth(void) {
  char text[2 * SKEP_DEPTH_MAX + 3];
  size_t deep = SKEP_DEPTH_MAX;
  memset(text, '[', deep);
  memset(text + deep, ']', deep);
  text[2 * deep] = 0;
  check(text, text);
  memset(text, '[', deep + 1);
  text[deep + 1] = 0;
  check(text, "nested too deeply");
}

static void numbers(void) {
  static const char text[] =
      "[9223372036854775807,9223372036854775808,-9223372036854775808,18446744073709551616,1.5,-1]";
  skep_json *list = skep_read(text, sizeof text - 1, NULL);
  skep_json *at = skep_first(list);
  expect(skep_int(at, 0) == INT64_MAX, "the largest integer");
  at = skep_next(at);
  expect(skep_int(at, 7) == 7 && skep_uint(at, 0) == (uint64_t)INT64_MAX + 1, "one more fits an unsigned one only");
  at = skep_next(at);
  expect(skep_int(at, 0) == INT64_MIN, "the smallest integer");
  at = skep_next(at);
  expect(skep_uint(at, 7) == 7, "too large for 64 bits");
  at = skep_next(at);
  expect(skep_int(at, 7) == 7 && skep_double(at, 0) == 1.5, "a fraction is no integer");
  expect(skep_uint(skep_next(at), 7) == 7, "a negative number is not unsigned");
  expect(skep_kind_of(skep_new_double(1.0 / 0.0)) == SKEP_NULL, "infinity is null");
  skep_free_all();
}

static void building(void) {
  size_t length;
  skep_json *input = skep_read("{\"a\":1,\"b\":[2],\"a\":3}", 21, NULL);
  skep_json *made = skep_set(skep_new_object(), "x", skep_get(input, "b"));
  skep_add(skep_get(made, "x"), skep_new_double(0.1));
  skep_set(skep_set(made, "y", skep_get(input, "none")), "z", skep_new_text("\xFFok"));
  char *text = skep_write(made, &length);
  expect(!strcmp(text, "{\"x\":[2,0.1],\"y\":null,\"z\":\"\xEF\xBF\xBDok\"}"), text);
  expect(length == strlen(text), "the length is the text's");
  expect(skep_int(skep_get(input, "a"), 0) == 3, "the last of two members counts");
  expect(!strcmp(skep_utf8("a\xC3"), "a\xEF\xBF\xBD"), "half a character is replaced");
  expect(skep_length(NULL) == 0 && !skep_text(NULL) && !skep_get(NULL, "a") && !skep_next(NULL), "missing values hold nothing");
  free(text);
  skep_free_all();
}

int main(void) {
  read_and_write();
  depth();
  numbers();
  building();
  puts(failures ? "failed" : "ok");
  return failures != 0;
}
