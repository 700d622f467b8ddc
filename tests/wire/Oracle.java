import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.errors.InvalidMetadataException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.Errors;
import org.apache.kafka.common.protocol.Message;
import org.apache.kafka.common.protocol.ObjectSerializationCache;

/**
 * Answers each line with a line. "NAME VERSION HEX" decodes a message with Kafka's own code and
 * gives it encoded again; "errors" gives the table of error codes.
 */
public class Oracle {
    static final HexFormat HEX = HexFormat.of();

    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        out.println("ready");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            out.println(line.equals("errors") ? errors() : again(line.split(" ", 3)));
        }
    }

    static String again(String[] words) {
        short version = Short.parseShort(words[1]);
        ByteBuffer body = ByteBuffer.wrap(HEX.parseHex(words[2]));
        try {
            Class<?> type = Class.forName("org.apache.kafka.common.message." + words[0] + "Data");
            Message message = (Message) type.getDeclaredConstructor().newInstance();
            message.read(new ByteBufferAccessor(body), version);
            if (body.hasRemaining()) {
                return "! " + body.remaining() + " bytes left of " + message;
            }
            ObjectSerializationCache cache = new ObjectSerializationCache();
            ByteBuffer written = ByteBuffer.allocate(message.size(cache, version));
            message.write(new ByteBufferAccessor(written), cache, version);
            return HEX.formatHex(written.array());
        } catch (Exception error) {
            return "! " + error.toString().replace('\n', ' ');
        }
    }

    static String errors() {
        StringBuilder lines = new StringBuilder();
        for (Errors error : Errors.values()) {
            lines.append(error.code()).append(',').append(error.name()).append(',')
                .append(error.exception() instanceof RetriableException).append(',')
                .append(error.exception() instanceof InvalidMetadataException).append(';');
        }
        return lines.toString();
    }
}
