import java.io.FileOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Events of one member, a line of JSON each, in the file the moment that they happen. */
class EventLog {
    private final FileOutputStream file;
    private final String member;

    EventLog(String path, String member) throws IOException {
        this.file = new FileOutputStream(path, true);
        this.member = member;
    }

    void write(String event) {
        line(event, "");
    }

    void error(Throwable error) {
        line("error", ",\"value\":" + quoted(error.toString()));
    }

    void session(long number, byte[] password) {
        String hex = java.util.HexFormat.of().formatHex(password);
        line("session", ",\"session\":" + number + ",\"password\":" + quoted(hex));
    }

    void partition(String event, String topic, int partition) {
        line(event, place(topic, partition));
    }

    void committed(String topic, int partition, long offset) {
        line("committed", place(topic, partition) + ",\"offset\":" + offset);
    }

    void delivered(String topic, int partition, long offset, byte[] value) {
        String text = value == null ? "null" : quoted(new String(value, StandardCharsets.UTF_8));
        line("delivered", place(topic, partition) + ",\"offset\":" + offset + ",\"value\":" + text);
    }

    private static String place(String topic, int partition) {
        return ",\"topic\":" + quoted(topic) + ",\"partition\":" + partition;
    }

    private synchronized void line(String event, String fields) {
        // On Linux it is CLOCK_MONOTONIC, which counts alike in all processes.
        double now = System.nanoTime() / 1e9;
        String line = String.format(
            java.util.Locale.ROOT, "{\"t\":%.6f,\"member\":%s,\"event\":\"%s\"%s}%n", now, quoted(member), event, fields);
        try {
            file.write(line.getBytes(StandardCharsets.UTF_8));
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                quoted.append('\\').append(letter);
            } else if (letter < ' ') {
                quoted.append(String.format("\\u%04x", (int) letter));
            } else {
                quoted.append(letter);
            }
        }
        return quoted.append('"').toString();
    }
}
