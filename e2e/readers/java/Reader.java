import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.stream.Collectors;
import software.amazon.awssdk.auth.credentials.ProfileCredentialsProvider;
import software.amazon.awssdk.profiles.ProfileFile;

/** Asks the AWS SDK for Java, version 2: see ../readers.ts for what goes in and out. */
public class Reader {
    public static void main(String[] args) throws Exception {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            var words = line.split("\t");
            var file = load(words[0], words[1]);
            System.out.println(Arrays.stream(words[2].split(","))
                .map(name -> read(file, new String(HexFormat.of().parseHex(name), StandardCharsets.UTF_8)))
                .collect(Collectors.joining(",")));
        }
    }

    private static ProfileFile load(String credentials, String config) {
        try {
            return ProfileFile.aggregator()
                .addFile(one(credentials, ProfileFile.Type.CREDENTIALS))
                .addFile(one(config, ProfileFile.Type.CONFIGURATION))
                .build();
        } catch (RuntimeException unreadable) {
            return null;
        }
    }

    private static ProfileFile one(String path, ProfileFile.Type type) {
        return ProfileFile.builder().content(Path.of(path)).type(type).build();
    }

    private static String read(ProfileFile file, String name) {
        if (file == null) return "-";
        try (var provider = ProfileCredentialsProvider.builder().profileFile(file).profileName(name).build()) {
            var pair = provider.resolveCredentials();
            return hex(pair.accessKeyId()) + ":" + hex(pair.secretAccessKey());
        } catch (RuntimeException none) {
            return "-";
        }
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }
}
