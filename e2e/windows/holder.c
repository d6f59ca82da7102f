/* Opens a Windows file with the sharing to be tried, as other programs do.
   hold FILE SHARE MS: once; SHARE is a sum of 1 (read), 2 (write), 4 (delete). Prints when it has it.
   scan DIRECTORY MS FOR: each file that appears there is held without sharing for MS, as a scanner does, FOR ms in all. */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>

static HANDLE take(const wchar_t *file, DWORD share) {
  return CreateFileW(file, GENERIC_READ, share, NULL, OPEN_EXISTING, 0, NULL);
}

static int hold(const wchar_t *file, DWORD share, DWORD ms) {
  HANDLE handle = take(file, share);
  if (handle == INVALID_HANDLE_VALUE) return 1;
  printf("held\n");
  fflush(stdout);
  Sleep(ms);
  CloseHandle(handle);
  return 0;
}

static int scan(const wchar_t *directory, DWORD ms, DWORD length) {
  wchar_t pattern[1024], file[1024];
  DWORD until = GetTickCount() + length, held = 0;
  printf("held\n");
  fflush(stdout);
  while (GetTickCount() < until) {
    WIN32_FIND_DATAW found;
    swprintf(pattern, 1024, L"%ls\\*", directory);
    HANDLE list = FindFirstFileW(pattern, &found);
    if (list != INVALID_HANDLE_VALUE) {
      do {
        if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) continue;
        swprintf(file, 1024, L"%ls\\%ls", directory, found.cFileName);
        HANDLE handle = take(file, 0);
        if (handle == INVALID_HANDLE_VALUE) continue;
        held++;
        Sleep(ms);
        CloseHandle(handle);
      } while (FindNextFileW(list, &found));
      FindClose(list);
    }
    Sleep(20);
  }
  printf("%lu\n", held);
  return 0;
}

int wmain(int count, wchar_t **words) {
  if (count == 5 && wcscmp(words[1], L"hold") == 0)
    return hold(words[2], wcstoul(words[3], NULL, 10), wcstoul(words[4], NULL, 10));
  if (count == 5 && wcscmp(words[1], L"scan") == 0)
    return scan(words[2], wcstoul(words[3], NULL, 10), wcstoul(words[4], NULL, 10));
  return 2;
}
