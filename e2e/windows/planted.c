/* Lies where Windows looks first, under the name of a program of the system, and tells that it ran. */
#include <stdio.h>

int main(void) {
  FILE *told = fopen("C:\\planted-ran", "w");
  if (told) fclose(told);
  return 0;
}
